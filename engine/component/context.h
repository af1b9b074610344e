// What a component may use while it realizes, observes or removes a resource. All of the world is
// reached through it, and only through it.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/error.h"
#include "engine/state/record.h"
#include "engine/world/world.h"

namespace encamp {

class Component;

class Context {
 public:
  virtual ~Context() = default;

  virtual const Owner& owner() const = 0;  ///< Tag for what is made: deployment, address.
  virtual const std::string& deployment() const = 0;  ///< Its name, for names of things.

  virtual Host& host() = 0;  ///< The host the resource is bound to.
  virtual Workshop& workshop() = 0;
  /// The inside of the node the resource lies on, or is. Connects at first use.
  virtual Guest& guest() = 0;
  /// Likewise, but gives up at `deadline`: of a node that is just booting. Error(Timeout).
  virtual Guest& guest_by(Clock::Instant /*deadline*/) { return guest(); }
  /// The record of another resource: the node of an item, a node's image. REQUIRES: needed by
  /// this one, hence present.
  virtual const Record& record(const Address& address) = 0;
  /// The other items of the same component on the same node that are there or begun: with them the
  /// resource may share something that is taken away with the last of them.
  virtual std::vector<Record> neighbours() { return {}; }

  /// The component of that name; nullptr when it is not installed.
  virtual const Component* find_component(const std::string& /*name*/) { return nullptr; }

  /// Durable before it returns. A later realize or remove finds it in Record::notes.
  virtual void note(const std::string& name, Value value) = 0;

  /// Keeps a secret of the resource under a name of its own, durable before it returns; one of
  /// that name is replaced. The value is secret text, fit for attributes and notes.
  virtual Value keep_secret(const std::string& name, const std::string& text) = 0;
  /// What was kept under that name, open; also by an attempt whose end nobody recorded.
  virtual std::optional<Value> find_secret(const std::string& name) = 0;
  virtual void forget_secret(const std::string& name) = 0;  ///< Gone is no error.
  /// `count` bytes that nobody can guess.
  virtual std::string random_bytes(std::size_t count) = 0;

  /// A key pair that is made at the first call with this name, kept with the deployment's secrets
  /// and the same ever after. `ssh` is the deployment's own; a node's host key has its address.
  virtual SshKey ssh_key(const std::string& name) = 0;
  /// The public keys of the deployer that nodes let in beside the deployment's own.
  virtual std::vector<std::string> authorized_keys() = 0;

  /// Names this execution of the resource's command: the same for the same text after a crash.
  /// `purpose` parts several commands of one resource.
  virtual Receipt receipt(const std::string& purpose, const std::string& digest) = 0;

  virtual Clock& clock() = 0;
  /// How long a call may still take effect after it failed or its process died.
  virtual Duration late_effects() const { return std::chrono::seconds(5); }
  /// Says that a call failed which may still take effect, though nothing else came of it: until it
  /// can no longer, nothing is made again and the deployment does not end.
  virtual void lost_answer() {}
  virtual Clock::Instant deadline() const = 0;  ///< Of this attempt.
  /// What is left of this attempt, at least a millisecond.
  Duration time_left();
  virtual std::stop_token stop() const = 0;
  /// For the display: "starting", "waiting for port 80"; at most a line.
  virtual void progress(const std::string& text) = 0;

  /// Asks `done` again and again, `pause` apart, until it holds. Returns false at `deadline`.
  /// Throws Error(Interrupted) when stop is requested.
  bool wait_until(const std::function<bool()>& done, Clock::Instant deadline, Duration pause);
};

}  // namespace encamp
