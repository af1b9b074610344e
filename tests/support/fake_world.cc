#include "tests/support/fake_world.h"

#include <algorithm>
#include <cctype>
#include <sstream>

#include <fmt/format.h>

namespace encamp::test {
namespace {

constexpr std::string_view kPrivateKey = "fake private key ";

// Whether `word` stands in `text`, not as a part of a longer address: 10.0.0.1 is not in 10.0.0.12.
bool has_word(const std::string& text, const std::string& word) {
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    const auto is_part = [&](std::size_t i) {
      return std::isdigit(static_cast<unsigned char>(text[i])) != 0;
    };
    if ((at == 0 || !is_part(at - 1)) && (end == text.size() || !is_part(end)))
      return true;
  }
  return false;
}

}  // namespace

Clock::WallTime FakeClock::wall_time() {
  const auto start = std::chrono::sys_days{std::chrono::year{2026} / 1 / 1};
  return std::chrono::time_point_cast<Duration>(start) +
         std::chrono::duration_cast<Duration>(std::chrono::nanoseconds(passed_.load()));
}

std::string FakeRandom::bytes(std::size_t count) {
  std::string all;
  while (all.size() < count) {
    std::uint64_t z = state_ += 0x9E3779B97F4A7C15U;  // SplitMix64
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
    all += static_cast<char>(static_cast<unsigned char>(z >> 56U));
  }
  return all;
}

FakeWorld::FakeWorld() {
  add_host("here");
}

FakeHost& FakeWorld::add_host(const std::string& name) {
  hosts_.push_back(std::make_unique<FakeHost>(name, faults));
  return *hosts_.back();
}

Host& FakeWorld::host(const std::string& name) {
  const auto found = std::ranges::find(hosts_, name, [](const auto& host) { return host->name(); });
  if (found == hosts_.end())
    throw Error(ErrorKind::Unavailable, fmt::format("host '{}' does not answer", name));
  return **found;
}

std::vector<std::string> FakeWorld::host_names() {
  std::vector<std::string> names;
  for (const auto& host : hosts_)
    names.push_back(host->name());
  return names;
}

SshKey FakeWorld::make_ssh_key() {
  return faults.call("make_ssh_key", [&] {
    const std::lock_guard lock(mutex_);
    ++keys_;
    return SshKey{fmt::format("{}{}\n", kPrivateKey, keys_), fmt::format("ssh-ed25519 {}", keys_)};
  });
}

FakeWorld::Found FakeWorld::find_machine(const std::string& address) {
  for (const auto& host : hosts_) {
    for (const GuestSpec& guest : host->running()) {
      const std::string disk = host->volume_content(guest.disk).value_or("");
      if (!has_word(disk, address))
        continue;
      const std::lock_guard lock(mutex_);
      std::unique_ptr<FakeMachine>& machine = machines_[fmt::format(
          "{} {} {}", host->name(), guest.disk.name, host->volume_serial(guest.disk))];
      if (!machine) {
        machine = std::make_unique<FakeMachine>();
        machine->ports = ports;
        machine->files = files;
        std::istringstream image(host->volume_content(guest.image).value_or(""));
        for (std::string line; std::getline(image, line);) {
          if (line.starts_with("package "))
            add_package(*machine, line.substr(8));
        }
      }
      return {machine.get(), disk};
    }
  }
  return {};
}

FakeMachine* FakeWorld::machine(const std::string& address) {
  return find_machine(address).machine;
}

std::unique_ptr<Guest> FakeWorld::connect(const Login& login, Clock::Instant deadline,
                                          std::stop_token stop) {
  return faults.call("connect", [&]() -> std::unique_ptr<Guest> {
    if (stop.stop_requested())
      throw Error(ErrorKind::Interrupted, "interrupted");
    const auto [machine, disk] = find_machine(login.address);
    if (machine == nullptr) {
      clock_.sleep(std::max(deadline - clock_.now(), std::chrono::nanoseconds(0)), stop);
      throw Error(ErrorKind::Timeout, fmt::format("port 22 of {} did not open", login.address));
    }
    const bool has_key = disk.find(kPrivateKey) != std::string::npos;
    const std::string wanted = login.host_key.substr(login.host_key.rfind(' ') + 1);
    if (has_key && !has_word(disk, std::string(kPrivateKey) + wanted))
      throw Error(ErrorKind::Denied, fmt::format("{} has another host key", login.address));
    return std::make_unique<FakeGuest>(*machine, shell, unknown, faults);
  });
}

}  // namespace encamp::test
