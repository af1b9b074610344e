# Archives that are unpacked. The list of what came with one and was not there before is kept, on the
# disk before the first of it is: so it can be taken away again, whenever we are interrupted.

sub listed {
    my ($list) = @_;
    return -e $list ? split /\0/, content_of($list) : ();
}

# The names in an archive, without the first `strip` parts.
sub members_of {
    my ($file, $strip) = @_;
    my ($exit, $text) = tool(600, 'tar', '--list', '--quoting-style=literal', '--file', $file);
    fail('failed', 'cannot read the archive', $text) if $exit;
    my @members;
    for (split /\n/, $text) {
        my @parts = grep { $_ ne '' && $_ ne '.' } split m{/};
        splice @parts, 0, $strip;
        push @members, join '/', @parts if @parts && !grep { $_ eq '..' } @parts;
    }
    return @members;
}

# `id` names the list: letters and digits.
sub op_unpack {
    my ($path, $id, $strip, $bytes) = @_;
    my $is_new = !-d $path;
    make_directory($path, 0755);
    make_directory("$state/archives", 0700);
    my $list = "$state/archives/$id";
    my $file = "$state/archives/unpacking";
    unlink $file;
    write_private($file, $bytes);
    my @old = listed($list);
    my @members = eval { members_of($file, $strip) };
    my $error = $@;
    if (!$error) {
        my (%ours, %wanted) = ();
        $wanted{'.'} = 1;
        $ours{'.'} = 1 if $is_new;
        $ours{$_} = 1 for @old;
        for my $member (@members) {    # Directories above a member are made without being one.
            my @parts = split m{/}, $member;
            for my $depth (0 .. $#parts) {
                my $name = join '/', @parts[0 .. $depth];
                $wanted{$name} = 1;
                $ours{$name} = 1 unless lstat "$path/$name";
            }
        }
        unlink "$list.new";
        write_private("$list.new", join "\0", sort keys %ours);
        rename "$list.new", $list;
        sync_directory("$state/archives");
        my ($exit, $text) = tool(600, 'tar', '--extract', '--no-same-owner', "--strip-components=$strip",
            '--directory', $path, '--file', $file);
        $error = ['failed', "cannot unpack the archive into '$path'", $text] if $exit;
        take_away($path, grep { !$wanted{$_} } @old) unless $error;
    }
    unlink $file;
    die $error if $error;
    return ();
}

# Files and links, and directories that are empty then.
sub take_away {
    my ($path, @names) = @_;
    for (reverse sort grep { $_ ne '.' } @names) {
        lstat "$path/$_" or next;
        -d _ ? rmdir "$path/$_" : unlink "$path/$_";
    }
}

sub op_remove_unpacked {
    my ($path, $id) = @_;
    my $list = "$state/archives/$id";
    my @names = listed($list);
    take_away($path, @names);
    rmdir $path if grep { $_ eq '.' } @names;
    unlink $list;
    return ();
}
