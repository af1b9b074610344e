# Requests.

# Many questions at once: 'file', 'package' or 'unit' and its name, again and again. For each file and
# unit, and each package that is installed: its kind, its name, how many parts follow, and these.
sub op_answer {
    my (@questions) = @_;
    my %asked = map { $_ => [] } 'file', 'package', 'unit';
    while (my ($kind, $name) = splice @questions, 0, 2) {
        push @{ $asked{$kind} }, $name;
    }
    my @answers;
    my $files = file_states(@{ $asked{file} });
    for my $path (@{ $asked{file} }) {
        my @state = @{ $files->{$path} // [] };
        push @answers, 'file', $path, scalar @state, @state;
    }
    my @versions = @{ $asked{package} } ? op_installed(@{ $asked{package} }) : ();
    while (my ($name, $version) = splice @versions, 0, 2) {
        push @answers, 'package', $name, 1, $version;
    }
    my @units = @{ $asked{unit} } ? show_units(@{ $asked{unit} }) : ();
    for my $name (@{ $asked{unit} }) {
        my $unit = shift @units // fail('failed', "systemd does not answer about unit '$name'");
        my @state = state_of_unit(%$unit);
        push @answers, 'unit', $name, scalar @state, @state;
    }
    return @answers;
}

my %operation = (
    answer => \&op_answer,
    probe => \&op_probe, run => \&op_run, find_file => \&op_find_file, read_file => \&op_read_file,
    write_file => \&op_write_file, remove_file => \&op_remove_file, rename_file => \&op_rename_file,
    copy_file => \&op_copy_file, unpack => \&op_unpack, remove_unpacked => \&op_remove_unpacked,
    write_tree => \&op_write_tree, remove_tree => \&op_remove_tree,
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
