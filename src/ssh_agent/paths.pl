# Time, durable directories, users.

# Seconds since the boot; never goes back.
sub now {
    open my $file, '<', '/proc/uptime' or die "/proc/uptime: $!";
    return (split ' ', <$file>)[0];
}

# Makes a file or directory durable.
sub sync_handle {
    my ($handle) = @_;
    require IO::Handle;
    return $handle->sync;
}

sub sync_directory {
    my ($path) = @_;
    open my $handle, '<', $path or fail('failed', "cannot open '$path': $!");
    sync_handle($handle) or fail('failed', "cannot sync '$path': $!");
}

sub make_directory {
    my ($path, $mode) = @_;
    return if -d $path;
    my $above = $path =~ s{/+[^/]+/*$}{}r;
    make_directory($above, 0755) if $above ne '' && $above ne $path;
    mkdir $path, $mode or -d $path or fail('failed', "cannot make directory '$path': $!");
}

sub parent_of {
    my ($path) = @_;
    my $parent = $path =~ s{/+[^/]+$}{}r;
    return $parent eq '' ? '/' : $parent;
}

sub write_private {
    my ($path, $content) = @_;
    sysopen my $file, $path, 0301, 0600 or fail('failed', "cannot make '$path': $!"); # O_CREAT|O_EXCL|O_WRONLY
    write_all($file, $content) && close $file or fail('failed', "cannot write '$path': $!");
}

sub remove_tree {
    my ($path) = @_;
    unlink glob "$path/*" if $path =~ /^[\w.\/-]+$/;    # Our own names only: flat, without blanks.
    rmdir $path;
}

sub find_user {
    my ($user) = @_;
    my @entry = getpwnam $user;
    @entry = getpwuid $user if !@entry && $user =~ /^\d+$/;
    @entry or fail('not-found', "there is no user '$user'");
    return { name => $entry[0], uid => $entry[2], gid => $entry[3], home => $entry[7], shell => $entry[8] };
}

sub become {
    my ($user) = @_;
    return if $user->{uid} == $<;
    my @groups = ($user->{gid});
    setgrent;
    while (my @group = getgrent) {
        push @groups, $group[2] if grep { $_ eq $user->{name} } split ' ', $group[3];
    }
    ($(, $)) = ($user->{gid}, "$user->{gid} @groups");
    ($<, $>) = ($user->{uid}, $user->{uid});
    $< == $user->{uid} && $> == $user->{uid} or die "cannot become user '$user->{name}': $!\n";
}
