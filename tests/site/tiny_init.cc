// The only program in the container of libvirt_host_test: says that it is there and ends when it is
// asked to, by the pipe that libvirt writes the run level to.
#include <cstdio>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

int main() {
  mkfifo("/dev/initctl", 0600);
  std::puts("tiny init is up");
  std::fflush(stdout);
  const int asked = open("/dev/initctl", O_RDONLY);
  char request[384];  // sizeof(struct init_request)
  return read(asked, request, sizeof request) > 0 ? 0 : 1;
}
