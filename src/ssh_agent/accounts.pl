# Users and groups.

# User number, number of the group, home, shell, other groups; nothing when there is none.
sub op_find_user {
    my ($name) = @_;
    my @entry = getpwnam $name or return ();
    my @groups;
    setgrent;
    while (my @group = getgrent) {
        push @groups, $group[0] if $group[2] != $entry[3] && grep { $_ eq $name } split ' ', $group[3];
    }
    return ($entry[2], $entry[3], $entry[7], $entry[8], sort @groups);
}

sub account_tool {
    my ($what, @command) = @_;
    my ($exit, $text) = tool(60, @command);
    fail('failed', "cannot $what", $text) if $exit;
}

# What is empty is left as it is, or to the system for a new user. Other groups follow when `sets_groups`.
sub op_put_user {
    my ($name, $uid, $gid, $home, $shell, $system, $sets_groups, @groups) = @_;
    defined getgrnam $_ or fail('not-found', "there is no group '$_'") for @groups;
    op_put_group($name, $gid, $system) if $gid ne '' && !defined getgrgid $gid;
    my @now = op_find_user($name);
    my @options;
    push @options, '--uid', $uid if $uid ne '' && !(@now && $uid == $now[0]);
    push @options, '--gid', $gid if $gid ne '' && !(@now && $gid == $now[1]);
    push @options, (@now ? '--home' : '--home-dir'), $home if $home ne '' && !(@now && $home eq $now[2]);
    push @options, '--shell', $shell if $shell ne '' && !(@now && $shell eq $now[3]);
    push @options, '--groups', join ',', @groups if $sets_groups && "@{[sort @groups]}" ne "@now[4 .. $#now]";
    if (@now) {
        account_tool("change user '$name'", 'usermod', @options, '--', $name) if @options;
        return ();
    }
    push @options, defined getgrnam $name ? ('--gid', $name) : '--user-group' if $gid eq '';
    account_tool("make user '$name'", 'useradd', $system ? '--system' : '--create-home', @options, '--', $name);
    return ();
}

sub op_remove_user {
    my ($name) = @_;
    account_tool("remove user '$name'", 'userdel', '--', $name) if getpwnam $name;
    return ();
}

sub op_find_group {
    my ($name) = @_;
    my $gid = getgrnam $name;
    return defined $gid ? ($gid) : ();
}

sub op_put_group {
    my ($name, $gid, $system) = @_;
    my $now = getgrnam $name;
    if (!defined $now) {
        account_tool("make group '$name'", 'groupadd', $system ? '--system' : (), $gid ne '' ? ('--gid', $gid) : (), '--', $name);
    } elsif ($gid ne '' && $gid != $now) {
        account_tool("change group '$name'", 'groupmod', '--gid', $gid, '--', $name);
    }
    return ();
}

sub op_remove_group {
    my ($name) = @_;
    account_tool("remove group '$name'", 'groupdel', '--', $name) if defined getgrnam $name;
    return ();
}
