# The hand of encamp inside a node: answers one request after another on standard input, ends with it.
# Only what Debian's perl-base brings, because that is on every Debian system.
#
# Frame, both ways: 4 bytes length, then parts, each 4 bytes length and its bytes. A request is the
# name of an operation and its arguments. An answer is 'ok' and results, or the kind of an error, its
# message and its detail. So no path and no text ever passes through a shell on its way.
use strict;
use warnings;

my $state = $ARGV[0];       # /var/lib/encamp
my $half  = 524288 - 40;    # Of a command's output: this much of its start and of its end is kept.

$0 = 'encamp-agent';
$SIG{PIPE} = 'IGNORE';
$SIG{HUP}  = 'IGNORE';
$SIG{CHLD} = sub { };       # So that select returns when a child ends.
$ENV{PATH} = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
$ENV{LC_ALL} = 'C.UTF-8';
umask 022;
binmode STDIN;
binmode STDOUT;

sub read_exactly {
    my ($from, $size) = @_;
    my $bytes = '';
    while (length $bytes < $size) {
        my $count = sysread $from, $bytes, $size - length $bytes, length $bytes;
        next if !defined $count && $!{EINTR};
        return undef unless $count;
    }
    return $bytes;
}

sub read_frame {
    my ($from) = @_;
    my $head = read_exactly($from, 4) // return undef;
    my $body = read_exactly($from, unpack 'N', $head) // return undef;
    return [unpack '(N/a*)*', $body];
}

sub write_all {
    my ($to, $bytes) = @_;
    my $done = 0;
    while ($done < length $bytes) {
        my $count = syswrite $to, $bytes, length($bytes) - $done, $done;
        next if !defined $count && $!{EINTR};
        return 0 unless defined $count;
        $done += $count;
    }
    return 1;
}

sub write_frame {
    my ($to, @parts) = @_;
    my $body = pack '(N/a*)*', @parts;
    return write_all($to, pack('N', length $body) . $body);
}

# Ends the operation: `kind` is a word for one of the engine's error kinds.
sub fail {
    my ($kind, $message, $detail) = @_;
    die [$kind, $message, $detail // ''];
}
