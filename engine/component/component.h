// A component knows one kind of resource: its properties, how to make it so, how to look, how to
// take it away. Components are plugins (plugin.h); they are ordinary blocking code.
//
// An example, the whole of a component that makes a directory on a node:
//
//     class Directory : public Component {
//       const Schema& schema() const override { return kSchema; }
//       Attributes realize(const Properties& wanted, const Record&, Context& context) const
//       override {
//         context.guest().write_file({.path = wanted.at("path").text(), .kind =
//         FileKind::Directory}); return {};
//       }
//       void remove(const Record& record, Context& context) const override { ... }
//     };
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/component/context.h"
#include "engine/component/schema.h"
#include "engine/description/diagnostic.h"
#include "engine/description/site.h"
#include "engine/state/record.h"

namespace encamp {

/// What has to happen to a resource that exists, and why.
struct Change {
  enum class Kind { Keep, Update, Replace };
  Kind kind = Kind::Keep;
  std::vector<std::string> reasons;  ///< `memory: 512 MiB -> 1 GiB`; none when kept.
  bool restarts = false;             ///< Update of a node: what runs in it ends and starts again.
};

/// What a component adds to the graph for a resource of its kind.
class Expansion {
 public:
  virtual ~Expansion() = default;
  virtual const Site& site() const = 0;
  /// The software of a node, as written.
  virtual std::vector<const Resource*> items(const Address& node) const = 0;
  /// The resource needs another one, though nobody wrote it.
  virtual void need(const Address& address, const std::string& reason) = 0;
  /// There is another resource, once however often it is asked for; the resource needs it.
  virtual void imply(Resource resource, const std::string& reason) = 0;
  /// Changes a property of the resource itself.
  virtual void set(const std::string& property, Value value) = 0;
};

class Component {
 public:
  virtual ~Component() = default;

  // Pure: any thread, no I/O, the same answer to the same question.
  virtual const Schema& schema() const = 0;
  /// What the schema cannot say. Properties may be pending.
  virtual void check(const Resource&, Diagnostics&) const {}
  virtual void expand(const Resource&, Expansion&) const {}
  /// The objects that realizing it may make on a host; written down before the first is made.
  virtual std::vector<Claim> claims(const Properties&, const Owner&,
                                    const std::string& /*deployment*/) const {
    return {};
  }
  /// By default each property as the schema says (OnChange).
  virtual Change compare(const Properties& wanted, const Properties& recorded) const;

  // Through the Context only; may be repeated after any failure, also half done.
  virtual Attributes realize(const Properties& wanted, const Record& record,
                             Context& context) const = 0;
  /// What observe() will ask the guest, so that all items of a node are looked at in one go. What
  /// is missing here costs a way there and back.
  virtual void ask(const Record&, Questions&) const {}
  /// What is there, as properties: drift is compare(recorded, observed). Nothing when it is gone.
  virtual std::optional<Properties> observe(const Record& record, Context&) const {
    return record.properties;
  }
  /// Gets the whole recorded row; gone is no error.
  virtual void remove(const Record& record, Context& context) const = 0;
};

}  // namespace encamp
