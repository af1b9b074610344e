# Trees of files. Of each there is a list, on the disk before the first file is touched: what is ours,
# `o`, because nothing was there, and what was there and is kept aside, `k`, below `$id.kept`.

sub tree_list {
    my ($id) = @_;
    my $list = "$state/trees/$id";
    return -e $list ? map { substr($_, 1) => substr $_, 0, 1 } split /\0/, content_of($list) : ();
}

sub write_tree_list {
    my ($id, %list) = @_;
    my $file = "$state/trees/$id";
    unlink "$file.new";
    write_private("$file.new", join "\0", map { "$list{$_}$_" } sort keys %list);
    rename "$file.new", $file or fail('failed', "cannot write '$file': $!");
    sync_directory("$state/trees");
}

# Takes away what is ours, directories when they are empty, and puts back what was kept aside.
sub leave_tree {
    my ($path, $id, $list, @names) = @_;
    for my $name (reverse sort @names) {
        my $kept = "$state/trees/$id.kept/$name";
        if ($list->{$name} eq 'k') {
            op_rename_file($kept, "$path/$name") if lstat $kept;
        } elsif (lstat "$path/$name") {
            -d _ ? rmdir "$path/$name" : unlink "$path/$name";
        }
    }
}

sub put_in_tree {
    my ($place, $kind, $mode, $content, $uid, $gid) = @_;
    my @entry = lstat $place;
    my $is = !@entry ? '' : -l _ ? 'link' : -d _ ? 'directory' : -f _ ? 'file' : 'other';
    $is ne 'directory' || $kind eq 'directory' or fail('failed', "'$place' is a directory");
    if ($kind eq 'directory') {
        $is eq '' || $is eq 'directory' or fail('failed', "'$place' is there and is no directory");
        $is eq 'directory' or mkdir $place, 0700 or fail('failed', "cannot make directory '$place': $!");
        chown $uid, $gid, $place and chmod $mode, $place or fail('failed', "cannot set the owner of '$place': $!");
        return;
    }
    if ($kind eq 'link') {
        return if $is eq 'link' && readlink $place eq $content;
    } elsif ($is eq 'file' && $entry[7] == length $content && content_of($place) eq $content) {
        chown $uid, $gid, $place and chmod $mode, $place or fail('failed', "cannot set the owner of '$place': $!");
        return;
    }
    my $beside = parent_of($place) . "/.encamp-$$";
    unlink $beside;
    if ($kind eq 'link') {
        symlink $content, $beside or fail('failed', "cannot make link '$place': $!");
        require POSIX;
        POSIX::lchown($uid, $gid, $beside);
    } else {
        write_private($beside, $content);
        chown $uid, $gid, $beside and chmod $mode, $beside or fail('failed', "cannot set the owner of '$place': $!");
    }
    rename $beside, $place or fail('failed', "cannot put '$place' in its place: $!");
}

# Of each file: its name, kind, mode and content. Directories that were there are left as they are.
sub op_write_tree {
    my ($path, $id, $owner, $group, $mode, @parts) = @_;
    my ($uid, $gid) = ids_of($owner, $group);
    -d $path or fail('failed', "there is no directory '$path'");
    make_directory("$state/trees", 0700);
    my @files;
    push @files, [splice @parts, 0, 4] while @parts;
    my %wanted = map { $_->[0] => $_->[1] } @files;
    my %list = tree_list($id);
    my %old = %list;
    my @kept;
    for my $file (@files) {
        my ($name, $kind) = @$file;
        next if $list{$name};
        if (!lstat "$path/$name") {
            $list{$name} = 'o';
        } elsif (!-d _ && $kind ne 'directory') {
            $list{$name} = 'k';
            push @kept, $name;
        }
    }
    # Copied first: a list that says so can be believed.
    op_copy_file("$path/$_", "$state/trees/$id.kept/$_") for @kept;
    write_tree_list($id, %list);
    # A name that is of another kind now is made anew.
    my @gone = grep { !$wanted{$_} || ($list{$_} eq 'o' && lstat "$path/$_" && (-d _ xor $wanted{$_} eq 'directory')) } keys %old;
    leave_tree($path, $id, \%list, @gone);
    for my $file (@files) {
        my ($name, $kind, $file_mode, $content) = @$file;
        next if $kind eq 'directory' && !$list{$name};
        put_in_tree("$path/$name", $kind, $kind eq 'directory' ? $mode : $file_mode, $content, $uid, $gid);
    }
    my ($exit, $text) = tool(600, 'sync', '--file-system', '--', $path);
    fail('failed', "cannot write '$path'", $text) if $exit;
    delete $list{$_} for grep { !$wanted{$_} } @gone;
    write_tree_list($id, %list);
    return ();
}

sub op_remove_tree {
    my ($path, $id) = @_;
    my %list = tree_list($id);
    leave_tree($path, $id, \%list, keys %list);
    tool(600, 'rm', '-rf', '--', "$state/trees/$id.kept");
    unlink "$state/trees/$id";
    return ();
}
