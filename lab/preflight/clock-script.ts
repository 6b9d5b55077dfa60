/**
 * Answers every line of its input with the time of the host in microseconds since 1970, as soon as it comes. It begins with a line
 * that names how it reads the clock. POSIX shell.
 *
 * perl comes with every Debian and Ubuntu, but without a module for fine times: it asks the kernel itself, whose numbers of system
 * calls are those of 64-bit programs. Else `date` is started for every line, which takes about a millisecond, and is counted as such.
 */
export const clockScript = `# answer with the time
case $(uname -m) in
  x86_64) call=228 ;;
  aarch64) call=113 ;;
  *) call=0 ;;
esac
fine='
  exit 1 if $ARGV[0] == 0 || length(pack("P", "")) != 8;
  sub now {
    my $time = "\\0" x 16;
    return -1 if syscall($ARGV[0] + 0, 0, $time) != 0;
    my ($seconds, $nanoseconds) = unpack("qq", $time);
    return $seconds * 1_000_000 + int($nanoseconds / 1_000);
  }
  exit 1 if abs(now() / 1_000_000 - time) > 2;
  exit 0 if $ARGV[1] eq "try";
  $| = 1;
  print "perl\\n";
  while (sysread(STDIN, my $line, 1)) { print now() . "\\n" if $line eq "\\n"; }
'
if perl -e "$fine" "$call" try 2>/dev/null; then exec perl -e "$fine" "$call" run; fi
case $(date +%N) in
  *[!0-9]* | '') echo none; exit 0 ;;
esac
echo date
while read -r line; do
  now=$(date +%s%N)
  echo "\${now%???}"
done
`
