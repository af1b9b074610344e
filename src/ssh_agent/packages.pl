# Packages.

# The installed version of each that is installed: name, version, name, version, ...
sub op_installed {
    my (@names) = @_;
    my ($exit, $text) = tool(60, 'dpkg-query', '-W', '-f', '${Package} ${Version} ${db:Status-Status}\n', '--', @names);
    my %version;
    for (split /\n/, $text) {
        $version{$1} = $2 if /^(\S+) (\S+) installed$/;
    }
    return map { exists $version{$_} ? ($_, $version{$_}) : () } @names;
}

my @apt = ('apt-get', '-y', '-q', '-o', 'Dpkg::Use-Pty=0', '-o', 'Dpkg::Options::=--force-confdef',
    '-o', 'Dpkg::Options::=--force-confold', '-o', 'DPkg::Lock::Timeout=120', '-o', 'Acquire::Retries=2');

my $policy = '/usr/sbin/policy-rc.d';
my $policy_text = "#!/bin/sh\n# encamp: nothing starts while packages are installed\nexit 101\n";

sub enabled_units {
    my ($exit, $text) = tool(60, 'systemctl', 'list-unit-files', '--no-legend', '--plain', '--state=enabled,enabled-runtime');
    return map { (split)[0] => 1 } split /\n/, $text;
}

sub update_index {
    my ($timeout) = @_;
    my ($exit, $text) = tool($timeout, @apt, 'update');
    fail('failed', 'cannot fetch the package index', $text) if $exit;
}

sub op_update {
    my ($timeout) = @_;
    update_index($timeout / 1000);
    return ();
}

sub op_install {
    my ($timeout, @packages) = @_;
    my $end = now() + $timeout / 1000;
    my $left = sub { my $rest = int($end - now()) + 1; $rest > 0 ? $rest : 1 };
    my %before = enabled_units();
    my $had_policy = -e $policy && content_of($policy) ne $policy_text;
    if (!$had_policy) {
        unlink $policy;
        write_private($policy, $policy_text);
        chmod 0755, $policy;
    }
    my $done = eval { install_packages($left, @packages); 1 };
    my $error = $@;
    unlink $policy unless $had_policy;
    my %after = enabled_units();
    my @brought = sort grep { !$before{$_} } keys %after;
    tool(120, 'systemctl', 'disable', '--now', '--', @brought) if @brought;
    die $error unless $done;
    return ();
}

# Local packages (engine/world/local_package.h): `index` before packages are installed, `settle` after.
sub apply_local_packages {
    my ($what, $timeout) = @_;
    my $script = '/var/lib/encamp/packages/apply';
    return unless -e $script;
    my ($exit, $text) = tool($timeout, 'sh', $script, $what);
    fail('failed', 'cannot take the local packages', $text) if $exit;
}

sub install_packages {
    my ($left, @packages) = @_;
    apply_local_packages('index', $left->());
    install_from_repositories($left, @packages) if @packages;
    apply_local_packages('settle', $left->());
}

sub install_from_repositories {
    my ($left, @packages) = @_;
    my ($updated, $repaired) = (0, 0);
    my @index = glob '/var/lib/apt/lists/*_Packages*';
    if (!@index) {
        update_index($left->());
        $updated = 1;
    }
    while (1) {
        my ($exit, $text) = tool($left->(), @apt, '--no-install-recommends', '--allow-downgrades', 'install', '--', @packages);
        return unless $exit;
        if ($text =~ /dpkg was interrupted/ && !$repaired) {
            tool($left->(), 'dpkg', '--configure', '-a', '--force-confdef', '--force-confold');
            $repaired = 1;
            next;
        }
        if (!$updated && $text =~ /Unable to locate package|no installation candidate|was not found|Failed to fetch/) {
            update_index($left->());
            $updated = 1;
            next;
        }
        fail('not-found', "there is no package '$1'", $text)
            if $text =~ /Unable to locate package (\S+)/ || $text =~ /Package '(\S+)' has no installation candidate/;
        fail('not-found', "package '$2' has no version '$1'", $text) if $text =~ /Version '(\S+)' for '(\S+)' was not found/;
        fail('failed', "cannot install @packages", $text);
    }
}

# What encamp itself needs to be here.
my %needed = map { $_ => 1 } qw(openssh-server iproute2 iputils-ping perl-base systemd systemd-sysv apt dpkg);

sub op_uninstall {
    my ($timeout, @packages) = @_;
    my %installed = op_installed(@packages);
    my @names = grep { $installed{$_} && !$needed{$_} } @packages or return ();
    my @command = (@apt, '--auto-remove', 'purge', '--', @names);
    my ($exit, $text) = tool($timeout / 1000, $command[0], '-s', @command[1 .. $#command]);
    for (split /\n/, $text) {
        fail('failed', "removing @names would remove '$1', which encamp needs", $text) if /^(?:Remv|Purg) (\S+)/ && $needed{$1};
    }
    ($exit, $text) = tool($timeout / 1000, @command) unless $exit;
    fail('failed', "cannot remove @names", $text) if $exit;
    return ();
}
