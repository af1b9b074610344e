# Commands.

# A command as it comes in a request; its files lie in `directory`.
sub order_of {
    my ($directory, $text, $user, $where, $timeout, $input, %environment) = @_;
    my $command = "$directory/command";
    my @argv = $text =~ /^#!/ ? ($command) : ('/bin/sh', '-e', $command);
    return (
        argv => \@argv, user => find_user($user), directory => $where, timeout => $timeout / 1000,
        input => "$directory/input", environment => \%environment);
}

sub write_order {
    my ($directory, $text, $user, $where, $timeout, $input) = @_;
    my $owner = find_user($user);
    write_private("$directory/command", $text);
    chown $owner->{uid}, -1, "$directory/command" or fail('failed', "cannot give '$directory/command' away: $!");
    chmod 0500, "$directory/command";
    write_private("$directory/input", $input);
}

# A name for a directory that nobody else has, also none of an agent that died.
my $names = 0;

sub unique_name {
    return join '.', $$, int(now() * 100), ++$names;
}

sub op_probe {
    my @order = @_;
    my $directory = "$state/probes/" . unique_name();
    make_directory("$state/probes", 0711);
    mkdir $directory, 0711 or fail('failed', "cannot make directory '$directory': $!");
    my @result = eval {
        write_order($directory, @order);
        execute(order_of($directory, @order), while => \*STDIN);
    };
    my $error = $@;
    remove_tree($directory);
    die $error if $error;
    return @result[0 .. 3];
}

# The command of a receipt and who watches it: `status` says how it ended and is locked while somebody
# watches. It has its block on the disk from the start, so that a full disk does not lose the outcome.
sub op_run {
    my ($id, @order) = @_;
    $id =~ /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$/ or fail('failed', "'$id' is no receipt");
    my $directory = "$state/receipts/$id";
    my $result = -d $directory ? undef : start_receipt($directory, @order);
    return defined $result ? @$result : attach_receipt($directory, $id);
}

# Nothing when another was faster.
sub start_receipt {
    my ($directory, @order) = @_;
    my $draft = "$state/receipts/." . unique_name();
    make_directory("$state/receipts", 0711);
    mkdir $draft, 0711 or fail('failed', "cannot make directory '$draft': $!");
    my $status;
    eval {
        write_order($draft, @order);
        open $status, '+>', "$draft/status" or fail('failed', "cannot make '$draft/status': $!");
        chmod 0600, "$draft/status";
        flock $status, 2 | 4 or fail('failed', "cannot lock '$draft/status': $!");    # LOCK_EX | LOCK_NB
        write_all($status, sprintf "%-4095s\n", 'running') && sync_handle($status)
            or fail('failed', "cannot write '$draft/status': $!");
        1;
    } or do {
        my $error = $@;
        remove_tree($draft);
        die $error;
    };
    if (!rename $draft, $directory) {
        my $reason = "$!";
        remove_tree($draft);
        return undef if -d $directory;
        fail('failed', "cannot make '$directory': $reason");
    }
    sync_directory("$state/receipts");

    pipe my $outcome, my $outcome_end or fail('failed', "cannot make a pipe: $!");
    my $watcher = fork // fail('failed', "cannot fork: $!");
    if (!$watcher) {
        close $outcome;
        eval { watch_receipt($directory, $status, $outcome_end, @order) };
        exit 0;
    }
    close $outcome_end;
    close $status;
    wait_for_outcome($outcome);
    my $result = read_frame($outcome);
    waitpid $watcher, 1;
    return $result;
}

# Waits until the handle can be read; ends with our own input.
sub wait_for_outcome {
    my ($handle, $patience) = @_;
    while (1) {
        my $bits = '';
        vec($bits, fileno STDIN, 1) = 1;
        vec($bits, fileno $handle, 1) = 1 if $handle;
        my $count = select $bits, undef, undef, $patience;
        next if $count < 0;
        exit 0 if vec $bits, fileno STDIN, 1;
        return;
    }
}

# Runs detached from the connection, to the end of the command, whatever becomes of us.
sub watch_receipt {
    my ($directory, $status, $outcome, @order) = @_;
    $SIG{$_} = 'IGNORE' for qw(INT TERM QUIT);
    open STDIN,  '<', '/dev/null';
    open STDOUT, '>', '/dev/null';
    open STDERR, '>', '/dev/null';
    $0 = 'encamp-command';
    my ($exit, $timed_out, $out, $err, $held, $files) = execute(order_of($directory, @order), keep => $directory);
    write_frame($outcome, $exit, $timed_out, $out, $err);    # It may be there no more.
    close $outcome;
    sync_handle($_) for @$files;
    seek $status, 0, 0;
    write_all($status, sprintf "%-4095s\n", "done $exit $timed_out");
    sync_handle($status);
    unlink "$directory/command", "$directory/input";
    close $status;
    while (@$held) {    # So that what it left running may go on writing.
        @$held = grep { sysread $_, my $data, 65536 } @$held;
    }
}

sub attach_receipt {
    my ($directory, $id) = @_;
    my $path = "$directory/status";
    my $pause = 0.005;
    while (1) {
        open my $status, '+<', $path or fail('unknown', "the node lost what became of '$id'");
        if (flock $status, 2 | 4) {
            my $line = <$status> // '';
            $line =~ /^done (\d+) (\d) *$/
                or fail('unknown', "the node lost what became of '$id': it was started and nobody saw its end");
            return ($1, $2, map { content_of("$directory/$_") } 'out', 'err');
        }
        close $status;
        wait_for_outcome(undef, $pause);
        $pause = $pause < 0.2 ? $pause * 1.5 : 0.2;
    }
}

sub content_of {
    my ($path, $limit) = @_;
    open my $file, '<:raw', $path or return '';
    my $content = '';
    while (!defined $limit || length $content < $limit) {
        my $count = sysread $file, $content, defined $limit ? $limit - length $content : 1 << 20, length $content;
        defined $count or fail('failed', "cannot read '$path': $!");
        last unless $count;
    }
    return $content;
}
