# Running something with a deadline.

# Every process of a session, which is named after its first process.
sub session_members {
    my ($session) = @_;
    my @members;
    for my $path (glob '/proc/[0-9]*/stat') {
        open my $file, '<', $path or next;
        my $line = <$file> // next;
        my @fields = split ' ', substr($line, rindex($line, ')') + 2);
        push @members, (split '/', $path)[2] if $fields[3] == $session && $fields[0] ne 'Z';
    }
    return @members;
}

sub kill_session {
    my ($session) = @_;
    for (1 .. 100) {    # What forks while we look is found in the next round.
        my @members = session_members($session) or last;
        kill 'KILL', @members;
        select undef, undef, undef, 0.005;
    }
}

# What is kept of an output: the first and the last half MiB, the first part also in `file`.
sub keep {
    my ($kept, $data) = @_;
    my $room = $half - length $kept->{head};
    if ($room > 0) {
        my $part = substr $data, 0, $room, '';
        $kept->{head} .= $part;
        write_all($kept->{file}, $part) if $kept->{file};
    }
    $kept->{tail} .= $data;
    my $excess = length($kept->{tail}) - $half;
    if ($excess > $half) {
        substr $kept->{tail}, 0, $excess, '';
        $kept->{cut} += $excess;
    }
}

sub end_of {
    my ($kept) = @_;
    my $excess = length($kept->{tail}) - $half;
    if ($excess > 0) {
        substr $kept->{tail}, 0, $excess, '';
        $kept->{cut} += $excess;
    }
    return ($kept->{cut} ? "\n[... $kept->{cut} bytes left out ...]\n" : '') . $kept->{tail};
}

# Runs a program in a session of its own. Returns exit (128 + signal), whether it was killed at its
# deadline, output, errors, and the pipes that something it left behind still holds.
#   argv        what to run
#   user        from find_user; root without
#   directory   where; the user's home when empty
#   environment mapping, besides the usual
#   input       path of a file
#   timeout     seconds
#   keep        directory where `out` and `err` are kept while it runs
#   while       handle: when it ends, the program is killed
sub execute {
    my (%order) = @_;
    my $user = $order{user} // { name => 'root', uid => 0, gid => 0, home => '/root', shell => '/bin/sh' };
    pipe my $out, my $out_end or fail('failed', "cannot make a pipe: $!");
    pipe my $err, my $err_end or fail('failed', "cannot make a pipe: $!");
    my $end = now() + $order{timeout};
    my $pid = fork // fail('failed', "cannot fork: $!");
    if (!$pid) {
        eval {
            $SIG{$_} = 'DEFAULT' for qw(PIPE HUP CHLD);
            open STDIN, '<', $order{input} // '/dev/null' or die "cannot read the input: $!\n";
            open STDOUT, '>&', $out_end or die "$!\n";
            open STDERR, '>&', $err_end or die "$!\n";
            become($user);
            my $directory = $order{directory} // '';
            if ($directory ne '') {
                chdir $directory or die "cannot change to directory '$directory': $!\n";
            } else {
                chdir $user->{home} or chdir '/';
            }
            my %environment = (
                PATH => $ENV{PATH}, LANG => 'C.UTF-8', HOME => $user->{home}, USER => $user->{name},
                LOGNAME => $user->{name}, SHELL => $user->{shell}, %{ $order{environment} // {} });
            %ENV = %environment;
            exec { '/usr/bin/setsid' } 'setsid', @{ $order{argv} } or die "cannot run setsid: $!\n";
        };
        syswrite STDERR, ref $@ ? $@->[1] . "\n" : $@;
        exec { '/bin/sh' } 'sh', '-c', 'exit 126';
    }
    close $out_end;
    close $err_end;
    my @kept = map { { head => '', tail => '', cut => 0 } } 1, 2;
    if ($order{keep}) {
        open $kept[0]{file}, '>', "$order{keep}/out" or delete $kept[0]{file};
        open $kept[1]{file}, '>', "$order{keep}/err" or delete $kept[1]{file};
        chmod 0600, "$order{keep}/out", "$order{keep}/err";
    }
    my %open = (fileno $out, [$out, $kept[0]], fileno $err, [$err, $kept[1]]);
    my ($status, $linger, $timed_out, $pause) = (undef, 0, 0, 0.001);
    while (1) {
        if (!defined $status && waitpid($pid, 1) == $pid) {    # WNOHANG
            $status = $?;
            $linger = now() + 0.3;    # What it left running may hold its output open for ever.
        }
        last if defined $status && (!%open || now() > $linger);
        if (!defined $status && now() >= $end) {
            $timed_out = 1;
            kill_session($pid);
        }
        my $bits = '';
        vec($bits, $_, 1) = 1 for keys %open;
        vec($bits, fileno $order{while}, 1) = 1 if $order{while};
        my $patience = 0.2;
        if (!%open || $timed_out) {
            $patience = $pause;
            $pause = $pause < 0.02 ? $pause * 2 : 0.02;
        } elsif (defined $status) {
            $patience = 0.05;
        }
        next if select($bits, undef, undef, $patience) <= 0;
        if ($order{while} && vec $bits, fileno $order{while}, 1) {
            kill_session($pid);
            fail('gone', 'the connection ended');
        }
        for my $number (keys %open) {
            next unless vec $bits, $number, 1;
            my $count = sysread $open{$number}[0], my $data, 65536;
            if ($count) {
                keep($open{$number}[1], $data);
            } elsif (defined $count || !$!{EINTR}) {
                delete $open{$number};
            }
        }
    }
    my @text;
    for my $kept (@kept) {
        my $rest = end_of($kept);
        write_all($kept->{file}, $rest) if $kept->{file};
        push @text, $kept->{head} . $rest;
    }
    my $exit = $status & 127 ? 128 + ($status & 127) : $status >> 8;
    return ($exit, $timed_out, @text, [map { $_->[0] } values %open], [grep { $_ } map { $_->{file} } @kept]);
}

# Runs a tool of the system. Returns its exit and its output and errors together.
sub tool {
    my ($timeout, @argv) = @_;
    my ($exit, $timed_out, $out, $err) = execute(
        argv => \@argv, timeout => $timeout, directory => '/',
        environment => { DEBIAN_FRONTEND => 'noninteractive', LC_ALL => 'C.UTF-8', SYSTEMD_PAGER => '', SYSTEMD_COLORS => 0 });
    fail('timeout', "'$argv[0]' did not end within $timeout s", $out . $err) if $timed_out;
    return ($exit, $out . $err);
}
