/**
 * Two small programs that measure the way between two hosts, in the perl that every Debian and Ubuntu has (package perl-base: no module for
 * fine times, so the kernel is asked for its monotonic clock). They are started with `perl -e`; nothing is written to disk.
 *
 * The first line of their input is a word that both were told over SSH: whoever does not say it is sent away.
 * Lines of the talk: `echo N` (N bytes come back, one by one), `take` (bytes until the sender ends; their number comes back),
 * `give BYTES MS` (bytes come until one of both is reached).
 */
const common = `
  use strict;
  use Socket qw(:all);
  $SIG{PIPE} = "IGNORE";
  sub fail { print "error $_[0]\\n"; exit 1; }
  sub fresh { my $socket = $_[0]; setsockopt($socket, IPPROTO_TCP, TCP_NODELAY, 1); }
  sub line {
    my ($socket, $line) = ($_[0], "");
    while (length($line) < 200) {
      return undef if !sysread($socket, my $letter, 1);
      return $line if $letter eq "\\n";
      $line .= $letter;
    }
    return undef;
  }
  sub readable {
    my ($seconds, @sockets) = @_;
    my $set = "";
    vec($set, fileno($_), 1) = 1 for @sockets;
    return "" if select(my $ready = $set, undef, undef, $seconds) <= 0;
    return $ready;
  }
  sub micros {
    my $time = "\\0" x 16;
    return undef if syscall($_[0] + 0, 1, $time) != 0;
    my ($seconds, $nanoseconds) = unpack("qq", $time);
    return $seconds * 1_000_000 + $nanoseconds / 1_000;
  }
  # Nothing that lies between can make it shorter. Made before anything is timed.
  srand(1);
  my $block = join("", map { chr(int(rand(256))) } 1 .. 65_536);
  sub give {
    my ($socket, $bytes, $ms, $call) = @_;
    my ($sent, $begun) = (0, micros($call));
    while ($sent < $bytes && micros($call) - $begun < $ms * 1_000) {
      my $count = syswrite($socket, $block, $bytes - $sent < 65_536 ? $bytes - $sent : 65_536);
      last if !$count;
      $sent += $count;
    }
    shutdown($socket, 1);
    return $sent;
  }
`

/**
 * Listens on the data port of a host until its input ends, or for $ARGV[1] seconds at most. One talk at a time.
 * Prints `ready`, or `error` and why.
 *
 *   $ARGV[0] port, [1] seconds, [2] number of the system call clock_gettime
 */
export const listenerProgram = `${common}
  my ($port, $seconds, $call) = @ARGV;
  $| = 1;
  my $word = line(\\*STDIN);
  fail("no word") if !defined $word || length($word) < 16;
  my $listener;
  if (socket($listener, AF_INET6, SOCK_STREAM, 0)) {
    setsockopt($listener, IPPROTO_IPV6, IPV6_V6ONLY, 0);
    setsockopt($listener, SOL_SOCKET, SO_REUSEADDR, 1);
    if (!bind($listener, pack_sockaddr_in6($port, inet_pton(AF_INET6, "::")))) {
      fail("bind $!") if $!{EADDRINUSE};
      undef $listener;
    }
  } else { undef $listener; }
  if (!$listener) {
    socket($listener, AF_INET, SOCK_STREAM, 0) or fail("socket $!");
    setsockopt($listener, SOL_SOCKET, SO_REUSEADDR, 1);
    bind($listener, pack_sockaddr_in($port, INADDR_ANY)) or fail("bind $!");
  }
  listen($listener, 16) or fail("listen $!");
  print "ready\\n";
  my $end = time + $seconds;
  while (time < $end) {
    my $ready = readable(1, \\*STDIN, $listener);
    next if $ready eq "";
    last if vec($ready, fileno(STDIN), 1);
    accept(my $socket, $listener) or next;
    eval {
      local $SIG{ALRM} = sub { die "late\\n" };
      alarm(15);
      fresh($socket);
      my $said = line($socket);
      if (defined $said && $said eq $word) {
        while (defined(my $order = line($socket))) {
          if ($order =~ /^echo (\\d{1,4})$/) {
            for (1 .. $1) { sysread($socket, my $letter, 1) or last; syswrite($socket, $letter); }
          } elsif ($order eq "take") {
            my ($taken, $count) = (0, 0);
            $taken += $count while $count = sysread($socket, my $piece, 262_144);
            syswrite($socket, "$taken\\n");
            last;
          } elsif ($order =~ /^give (\\d{1,10}) (\\d{1,5})$/) {
            give($socket, $1, $2, $call);
            sysread($socket, my $end, 1);
            last;
          } else { last; }
        }
      }
    };
    alarm(0);
    close($socket);
  }
`

/**
 * Measures the way from this host to a listener. Prints `connect <µs>`, `rtt <µs>` (shortest of many), `to <bytes> <µs>`, `from <bytes> <µs>`;
 * or `error` and why. A way that hangs ends after 20 s.
 *
 *   $ARGV[0] address, [1] port, [2] number of the system call clock_gettime, [3] what: letters of c (connect only), t (to), f (from)
 *   [4] bytes at most, [5] ms at most
 */
export const visitorProgram = `${common}
  my ($address, $port, $call, $what, $bytes, $ms) = @ARGV;
  $| = 1;
  fail("clock") if length(pack("P", "")) != 8 || !defined micros($call);
  $SIG{ALRM} = sub { fail("late"); };
  alarm(20);
  my $word = line(\\*STDIN);
  sub visit {
    my ($problem, @found) = getaddrinfo($address, $port, { socktype => SOCK_STREAM });
    fail("name $problem") if $problem;
    my $why = "no address";
    for my $at (@found) {
      socket(my $socket, $at->{family}, SOCK_STREAM, $at->{protocol}) or next;
      # Connecting may hang for minutes where packets are dropped.
      my $begun = micros($call);
      my $connected = eval {
        local $SIG{ALRM} = sub { die "timed out\\n" };
        alarm(4);
        my $done = connect($socket, $at->{addr});
        $why = "$!" if !$done;
        alarm(20);
        $done;
      };
      if ($@) { $why = $@; chomp($why); alarm(20); next; }
      next if !$connected;
      print "connect " . (micros($call) - $begun) . "\\n";
      fresh($socket);
      return $socket;
    }
    fail("connect $why");
  }
  if ($what eq "c") { close(visit()); exit 0; }
  for my $direction (split(//, $what)) {
    my $socket = visit();
    syswrite($socket, "$word\\necho 30\\n");
    my $best;
    for (1 .. 30) {
      my $begun = micros($call);
      syswrite($socket, ".");
      sysread($socket, my $letter, 1) or fail("closed");
      my $took = micros($call) - $begun;
      $best = $took if !defined $best || $took < $best;
    }
    print "rtt $best\\n";
    my $begun = micros($call);
    if ($direction eq "t") {
      syswrite($socket, "take\\n");
      give($socket, $bytes, $ms, $call);
      my $taken = line($socket);
      fail("closed") if !defined $taken;
      print "to $taken " . (micros($call) - $begun) . "\\n";
    } else {
      syswrite($socket, "give $bytes $ms\\n");
      my ($taken, $count) = (0, 0);
      $taken += $count while $count = sysread($socket, my $piece, 262_144);
      print "from $taken " . (micros($call) - $begun) . "\\n";
    }
    close($socket);
  }
`
