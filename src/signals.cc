#include "src/signals.h"

#include <algorithm>
#include <atomic>
#include <cassert>
#include <csignal>
#include <mutex>
#include <system_error>
#include <thread>

#include <fcntl.h>
#include <unistd.h>

namespace encamp {
namespace {

// Signal handlers have nowhere else to look.
std::atomic<int> first_signal = 0;
std::atomic<int> wake_descriptor = -1;

// Written before it counts, and never while a handler could read it half: the size goes last.
char last_words[512];
std::atomic<std::size_t> last_words_size = 0;

constexpr int kHandled[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};

void ask_to_stop(int signal) {
  const int saved = errno;
  int none = 0;
  if (!first_signal.compare_exchange_strong(none, signal)) {
    [[maybe_unused]] const ssize_t told = ::write(STDERR_FILENO, last_words, last_words_size);
    _exit(128 + signal);
  }
  [[maybe_unused]] const ssize_t woken = ::write(wake_descriptor, "s", 1);
  errno = saved;
}

void do_nothing(int) {}

}  // namespace

struct Signals::State {
  int read_end = -1;
  int write_end = -1;
  std::stop_source source;
  std::mutex mutex;
  std::function<void()> callback;  // Guarded by mutex.
  bool told = false;               // Guarded by mutex: the callback is due or was called.
  std::jthread waiter;
};

Signals::Signals() : state_(std::make_unique<State>()) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    throw std::system_error(errno, std::generic_category(), "cannot make a pipe");
  state_->read_end = ends[0];
  state_->write_end = ends[1];
  first_signal = 0;
  say_at_second("the same command goes on from here");
  wake_descriptor = ends[1];

  for (const int signal : kHandled) {
    struct sigaction action {};
    sigemptyset(&action.sa_mask);
    action.sa_flags = SA_RESTART;
    action.sa_handler = signal == SIGINT || signal == SIGTERM ? ask_to_stop : do_nothing;
    struct sigaction before {};
    sigaction(signal, nullptr, &before);
    if (signal == SIGHUP && before.sa_handler == SIG_IGN)  // Started by nohup.
      continue;
    sigaction(signal, &action, nullptr);
  }

  state_->waiter = std::jthread([state = state_.get()] {
    char byte = 0;
    while (::read(state->read_end, &byte, 1) < 0 && errno == EINTR) {
    }
    if (byte != 's')
      return;
    state->source.request_stop();
    const std::lock_guard lock(state->mutex);
    state->told = true;
    if (state->callback)
      state->callback();
  });
}

Signals::~Signals() {
  for (const int signal : kHandled)
    std::signal(signal, SIG_DFL);
  wake_descriptor = -1;
  [[maybe_unused]] const ssize_t woken = ::write(state_->write_end, "e", 1);
  state_->waiter.join();
  ::close(state_->read_end);
  ::close(state_->write_end);
}

std::stop_token Signals::stop() const {
  return state_->source.get_token();
}

int Signals::received() const {
  return first_signal;
}

void Signals::say_at_second(const std::string& text) {
  last_words_size = 0;
  const std::string whole = "\nleft at once; nothing is lost: " + text + "\n";
  const std::size_t size = std::min(whole.size(), sizeof last_words);
  std::ranges::copy_n(whole.begin(), static_cast<std::ptrdiff_t>(size), last_words);
  last_words_size = size;
}

void Signals::on_first(std::function<void()> callback) {
  const std::lock_guard lock(state_->mutex);
  state_->callback = std::move(callback);
  if (state_->told && state_->callback)
    state_->callback();
}

}  // namespace encamp
