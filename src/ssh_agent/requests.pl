# Requests.

my %operation = (
    probe => \&op_probe, run => \&op_run, find_file => \&op_find_file, read_file => \&op_read_file,
    write_file => \&op_write_file, remove_file => \&op_remove_file, rename_file => \&op_rename_file,
    copy_file => \&op_copy_file, unpack => \&op_unpack, remove_unpacked => \&op_remove_unpacked,
    find_user => \&op_find_user, put_user => \&op_put_user, remove_user => \&op_remove_user,
    find_group => \&op_find_group, put_group => \&op_put_group, remove_group => \&op_remove_group,
    update => \&op_update, listens => \&op_listens, http_status => \&op_http_status,
    installed => \&op_installed, install => \&op_install, uninstall => \&op_uninstall, unit => \&op_unit,
    enable_unit => \&op_enable_unit, start_unit => \&op_start_unit, restart_unit => \&op_restart_unit,
    stop_unit => \&op_stop_unit, unit_journal => \&op_unit_journal);

make_directory($state, 0755);
make_directory("$state/originals", 0700);
while (my $request = read_frame(\*STDIN)) {
    my ($name, @arguments) = @$request;
    my @answer = eval { ('ok', $operation{$name}->(@arguments)) };
    if (my $error = $@) {
        @answer = ref $error ? @$error : ('failed', "the agent failed in '$name'", $error);
    }
    1 while waitpid(-1, 1) > 0;
    write_frame(\*STDOUT, @answer) or last;
}
exit 0;
