# Files.

# By path: kind, owner, group, mode, digest, target; nothing where there is none. A digest that
# cannot be read is empty.
sub file_states {
    my (@paths) = @_;
    my (%state, @regular);
    for my $path (@paths) {
        my @entry = lstat $path or next;
        my $kind = -l _ ? 'link' : -f _ ? 'file' : -d _ ? 'directory' : 'other';
        push @regular, $path if $kind eq 'file';
        $state{$path} = [
            $kind, scalar getpwuid $entry[4] // $entry[4], scalar getgrgid $entry[5] // $entry[5],
            $entry[2] & 07777, '', $kind eq 'link' ? readlink $path : ''];
    }
    while (my @some = splice @regular, 0, 500) {
        my ($exit, $text) = tool(600, 'sha256sum', '-z', '--', @some);
        for (split /\0/, $text) {
            $state{$2}[4] = $1 if /^([0-9a-f]{64})  (.+)$/s && $state{$2};
        }
    }
    return \%state;
}

sub op_find_file {
    my ($path) = @_;
    my $state = file_states($path)->{$path} or return ();
    $state->[0] ne 'file' || $state->[4] ne '' or fail('failed', "cannot read '$path'");
    return @$state;
}

sub op_read_file {
    my ($path, $limit) = @_;
    -e $path or fail('not-found', "there is no file '$path'");
    -f _ or fail('failed', "'$path' is no regular file");
    return content_of($path, $limit);
}

# The numbers of an owner and a group; without one the owner's.
sub ids_of {
    my ($owner, $group) = @_;
    my $user = find_user($owner);
    return ($user->{uid}, $user->{gid}) if $group eq '';
    return ($user->{uid},
        getgrnam($group) // ($group =~ /^\d+$/ ? $group : fail('not-found', "there is no group '$group'")));
}

sub op_write_file {
    my ($path, $kind, $content, $owner, $group, $mode) = @_;
    my ($uid, $gid) = ids_of($owner, $group);
    my $parent = parent_of($path);
    make_directory($parent, 0755);
    if ($kind eq 'directory') {
        mkdir $path, 0700 or -d $path or fail('failed', "cannot make directory '$path': $!");
        chown $uid, $gid, $path and chmod $mode, $path or fail('failed', "cannot set the owner of '$path': $!");
        return ();
    }
    my $beside = "$parent/.encamp-$$";
    unlink $beside;
    eval {
        if ($kind eq 'link') {
            symlink $content, $beside or fail('failed', "cannot make link '$path': $!");
        } else {
            sysopen my $file, $beside, 0301, 0600 or fail('failed', "cannot make '$beside': $!");
            write_all($file, $content) or fail('failed', "cannot write '$path': $!");
            chown $uid, $gid, $beside and chmod $mode, $beside
                or fail('failed', "cannot set the owner of '$path': $!");
            sync_handle($file) && close $file or fail('failed', "cannot write '$path': $!");
        }
        rename $beside, $path or fail('failed', "cannot put '$path' in its place: $!");
        1;
    } or do {
        my $error = $@;
        unlink $beside;
        die $error;
    };
    return ();
}

sub op_remove_file {
    my ($path) = @_;
    lstat $path or return ();
    (-d _ ? rmdir $path : unlink $path) or lstat $path && fail('failed', "cannot remove '$path': $!");
    return ();
}

sub op_rename_file {
    my ($from, $to) = @_;
    lstat $from or fail('not-found', "there is no file '$from'");
    make_directory(parent_of($to), 0755);
    return () if rename $from, $to;
    $!{EXDEV} or fail('failed', "cannot move '$from' to '$to': $!");
    op_copy_file($from, $to);
    my ($exit, $text) = tool(600, 'rm', '-rf', '--', $from);
    fail('failed', "cannot remove '$from'", $text) if $exit;
    return ();
}

sub op_copy_file {
    my ($from, $to) = @_;
    lstat $from or fail('not-found', "there is no file '$from'");
    my $is_directory = -d _;
    make_directory(parent_of($to), 0755);
    my $beside = parent_of($to) . "/.encamp-$$";
    my ($exit, $text) = tool(600, 'cp', '-a', '--reflink=auto', '-T', '--', $from, $beside);
    if (!$exit) {
        unlink $to if $is_directory && lstat $to && !-d _;
        return () if rename $beside, $to;
        $text = "$!";
    }
    tool(600, 'rm', '-rf', '--', $beside);
    fail('failed', "cannot copy '$from' to '$to'", $text);
}
