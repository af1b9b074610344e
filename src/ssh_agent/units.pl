# Units.

my $unit_properties = 'Id,LoadState,LoadError,ActiveState,SubState,UnitFileState,Result,NeedDaemonReload';

# What systemd says of each, in their order.
sub show_units {
    my (@names) = @_;
    my ($exit, $text) = tool(60, 'systemctl', 'show', '-p', $unit_properties, '--', @names);
    fail('failed', "systemd does not answer about unit '$names[0]'", $text) if $exit;
    return map { { map { /^(\w+)=(.*)$/ ? ($1, $2) : () } split /\n/ } } split /\n\n/, $text;
}

# Whether systemd knows it, it is enabled, it is active, and more for messages.
sub state_of_unit {
    my (%unit) = @_;
    my $known = $unit{LoadState} !~ /^(not-found|masked)$/;
    my $enabled = ($unit{UnitFileState} // '') =~ /^(enabled|enabled-runtime|static|alias|generated)$/
        || @{[glob "/etc/systemd/system/*.{wants,requires}/$unit{Id}"]} ? 1 : 0;
    my $detail = "$unit{ActiveState} ($unit{SubState}"
        . (($unit{Result} // '') !~ /^(|success)$/ ? ", $unit{Result}" : '') . ')';
    $detail = $unit{LoadState} unless $unit{LoadState} eq 'loaded';
    return ($known ? 1 : 0, $enabled, $unit{ActiveState} =~ /^(active|reloading)$/ ? 1 : 0, $detail);
}

# Changed unit files are read again: what is started afterwards is what the files say.
sub op_unit {
    my ($name) = @_;
    my ($unit) = show_units($name);
    if (($unit->{NeedDaemonReload} // '') eq 'yes') {
        tool(60, 'systemctl', 'daemon-reload');
        ($unit) = show_units($name);
    }
    return state_of_unit(%$unit);
}

# Enabling only makes links; a running systemd need not read all its files again for them. Nor need a
# unit of systemd's own be told to the scripts of System V as well, which takes longer than to start it.
sub op_enable_unit {
    my ($name, $enabled) = @_;
    my @command = $enabled ? ('systemctl', 'enable', '--no-reload', '--', $name) : ('systemctl', 'disable', '--', $name);
    my ($exit, $text) = tool(60, '/usr/bin/env', 'SYSTEMCTL_SKIP_SYSV=1', @command);
    ($exit, $text) = tool(60, @command) if $exit;
    fail('failed', 'cannot ' . ($enabled ? 'enable' : 'disable') . " unit '$name'", $text) if $exit;
    return ();
}

sub control_unit {
    my ($verb, $name) = @_;
    my ($exit, $text) = tool(300, 'systemctl', $verb, '--', $name);
    return () unless $exit;
    fail('not-found', "there is no unit '$name'", $text) if $text =~ /not found\.?$/m;
    tool(5, 'journalctl', '--sync');
    fail('failed', "cannot $verb unit '$name'", join "\n", (op_unit($name))[3], op_unit_journal($name, 20));
}

sub op_start_unit   { return control_unit('start',   @_) }
sub op_restart_unit { return control_unit('restart', @_) }

sub op_stop_unit {
    my ($name) = @_;
    my ($exit, $text) = tool(300, 'systemctl', 'stop', '--', $name);
    fail('failed', "cannot stop unit '$name'", $text) if $exit && $text !~ /not loaded\.?$/m;
    return ();
}

sub op_unit_journal {
    my ($name, $lines) = @_;
    my ($exit, $text) = tool(30, 'journalctl', '--no-pager', '-q', '-o', 'cat', '-n', $lines, '-u', $name);
    return $text;
}
