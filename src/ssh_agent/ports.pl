# Ports.

sub op_listens {
    my ($port) = @_;
    my $wanted = sprintf ':%04X', $port;
    for my $path ('/proc/net/tcp', '/proc/net/tcp6') {
        open my $file, '<', $path or next;
        while (<$file>) {
            my @fields = split;
            return 1 if $fields[3] eq '0A' && substr($fields[1], -5) eq $wanted;    # TCP_LISTEN
        }
    }
    return 0;
}

sub op_http_status {
    my ($url) = @_;
    return http_status_by_curl($url) unless $url =~ m{^http://([^/:?#]+)(?::(\d+))?([^#]*)};
    my ($name, $port, $path) = ($1, $2 // 80, $3);
    $path = "/$path" unless $path =~ m{^/};
    require Socket;
    my $address = Socket::inet_aton($name) // return 0;
    socket my $peer, Socket::PF_INET(), Socket::SOCK_STREAM(), 0 or return 0;
    setsockopt $peer, Socket::SOL_SOCKET(), $_, pack 'l!l!', 5, 0 for Socket::SO_SNDTIMEO(), Socket::SO_RCVTIMEO();
    connect $peer, Socket::pack_sockaddr_in($port, $address) or return 0;
    write_all($peer, "GET $path HTTP/1.0\r\nHost: $name\r\nUser-Agent: encamp\r\n\r\n") or return 0;
    my $head = '';
    while ($head !~ /\n/ && length $head < 4096) {
        sysread $peer, $head, 4096, length $head or last;
    }
    return $head =~ m{^HTTP/\S+ (\d{3})} ? $1 : 0;
}

sub http_status_by_curl {
    my ($url) = @_;
    my ($exit, $text) = tool(20, 'curl', '-sk', '-m', 5, '-o', '/dev/null', '-w', '%{http_code}', '--', $url);
    fail('failed', "curl is needed to look at '$url'", $text) if $exit == 127 || $text !~ /(\d{3})$/;
    return $1 + 0;
}
