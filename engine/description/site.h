// A site: the checked, typed form of one description file with everything it includes. Prototypes
// are merged, copies made, references evaluated as far as the file alone allows; what depends on
// choices (addresses) or on the running site is a pending Value.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/description/address.h"
#include "engine/description/source.h"
#include "engine/description/value.h"

namespace encamp {

/// One entry of `needs`, already an address of this site: of a resource, or of a node, which
/// means all that is in it.
struct Need {
  Address address;
  Span where;
};

/// Something that shall exist: a network, an image, a node, a software item.
struct Resource {
  Address address;
  std::string component;  ///< Which component knows it: `node`, `file`, ...
  Properties properties;  ///< As the component's schema types them; defaults filled in.
  std::vector<Need> needs;
  Address node;                     ///< The node a software item lies on; empty elsewhere.
  std::optional<Duration> timeout;  ///< Of one attempt; the engine's default otherwise (10 min).
  int attempts = 1;                 ///< How often it is tried, `retry: {times: N}`.
  Duration backoff{0};              ///< The pause between two attempts.
  Span where;                       ///< What messages about the resource point at: its key.
  SharedMap<Span> places;           ///< Of each property that was written, its value.

  /// The place of a property, or of a part of it (`disks.data.mount`); else of what that is in.
  Span place(const std::string& property) const;
};

/// What a test's or command's result is compared with. What is not set is not looked at.
struct Expectation {
  int exit = 0;
  std::optional<Value> output;   ///< Text, equal but for the last newline.
  std::vector<Value> contains;   ///< Each a text that stands somewhere in the output.
  std::optional<Value> matches;  ///< An RE2 expression that matches something in it.
};

struct Test {
  std::string name;
  Address address;             ///< `tests.page`
  std::vector<Address> nodes;  ///< Where it runs; on each, all must pass.
  Properties command;          ///< run, user, directory, environment, input: as of `command`.
  std::vector<Need> needs;     ///< Besides the whole site; may name other tests.
  Expectation expect;
  Duration timeout = std::chrono::minutes(10);
  std::vector<Value> collect;  ///< Paths, or `node:path`, copied into the report.
  Span where;
};

struct Output {
  std::string name;
  Value value;
  Span where;
};

struct Site {
  std::string name;    ///< Of the deployment, a DNS label.
  std::string domain;  ///< `<name>.test` unless the file says otherwise.
  std::string about;
  std::vector<Resource> resources;  ///< Networks, images, nodes each with its items; as written.
  std::vector<Test> tests;
  std::vector<Output> outputs;

  const Resource* find(const Address& address) const;  ///< Linear; nullptr when there is none.
};

}  // namespace encamp
