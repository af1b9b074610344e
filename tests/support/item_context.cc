#include "tests/support/item_context.h"

#include <stdexcept>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace encamp::test {

ItemContext::ItemContext(const Address& address)
    : owner_{"7d444840-9dc0-11d1-b245-5ffdce74fad2", address, 1},
      deadline_(clock_.now() + std::chrono::minutes(10)),
      guest_(machine, shell, unknown, faults) {
  own.address = address;
}

Attributes ItemContext::realize(const Component& component, const Properties& wanted) {
  own.component = component.schema().component;
  own.properties = wanted;
  own.attributes = component.realize(wanted, own, *this);
  own.life = Life::Present;
  return own.attributes;
}

Error ItemContext::error_of(const Component& component, const Properties& wanted) {
  try {
    realize(component, wanted);
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "no error";
  return Error(ErrorKind::Busy, "no error");
}

Host& ItemContext::host() {
  throw std::logic_error("a software item does not touch the host");
}

Workshop& ItemContext::workshop() {
  throw std::logic_error("a software item builds no image");
}

const Record& ItemContext::record(const Address& address) {
  const auto found = records.find(address);
  if (found == records.end())
    throw Error(ErrorKind::NotFound, fmt::format("there is no {}", address));
  return found->second;
}

Value ItemContext::keep_secret(const std::string&, const std::string&) {
  throw std::logic_error("a software item makes no secrets");
}

std::optional<Value> ItemContext::find_secret(const std::string&) {
  return std::nullopt;
}

void ItemContext::forget_secret(const std::string&) {}

std::string ItemContext::random_bytes(std::size_t) {
  throw std::logic_error("a software item has nothing random");
}

SshKey ItemContext::ssh_key(const std::string&) {
  throw std::logic_error("a software item makes no keys");
}

Receipt ItemContext::receipt(const std::string& purpose, const std::string& digest) {
  ++receipts;
  return {fmt::format("{}-{}-{}", purpose.substr(0, 30), digest.substr(0, 40), attempt)};
}

}  // namespace encamp::test
