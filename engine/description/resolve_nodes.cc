// Nodes and their copies: what their prototypes say, their attributes, what lies in them.
#include <algorithm>

#include <fmt/format.h>

#include "engine/description/resolver.h"

namespace encamp {
namespace {

// Keys of nodes that the language knows, not the component.
const std::vector<std::string> kOwnKeys = {"software", "resources", "tests", "needs",
                                           "count",    "for_each",  "when"};
// What attributes of prototypes cannot be called: what every node has or will have.
const std::vector<std::string> kNodeWords = {
    "extends",   "image",      "memory", "disk",     "cpus",     "disks",     "mounts", "networks",
    "resources", "software",   "tests",  "count",    "for_each", "when",      "needs",  "isolation",
    "host",      "attributes", "name",   "hostname", "address",  "addresses", "key",    "index"};

/// How many values there are in a tree.
std::size_t size_of(const Tree& tree) {
  std::size_t size = 1;
  for (const Tree& item : tree.items)
    size += size_of(item);
  for (const Tree::Entry& entry : tree.entries)
    size += size_of(entry.value);
  return size;
}

class NodeDeclarer {
 public:
  NodeDeclarer(Drafts& drafts, const Schema& schema)
      : drafts_(drafts), diagnostics_(drafts.diagnostics()), schema_(schema) {}

  /// A node and all its copies.
  void declare(const Tree::Entry& entry) {
    Draft draft = draft_of(entry);
    Copies copies;
    if (draft.keys != nullptr) {
      const PlaceScope scope(drafts_, draft);
      told_the_way(drafts_, draft, [&] { copies = read_copies(drafts_, *draft.keys, scope); });
    }
    if (!copies.are_wanted) {
      add(std::move(draft), entry.key);
      return;
    }
    drafts_.add_collection(draft.written_as);
    if (copies.is_wrong)
      drafts_.break_collection(draft.written_as);
    for (const Copy& copy : copies.all) {
      drafts_.budget().spend(4 * draft.attributes.size());
      Draft one = draft;
      one.copy = copy;
      const std::string name = entry.key + "-" + copy.suffix();
      if (!draft.faulty && !check_copy_name(name, copy, entry.where)) {
        drafts_.break_name("nodes", name);
        drafts_.break_name(draft.written_as, copy.suffix());
        continue;
      }
      add(std::move(one), name);
    }
  }

 private:
  Draft draft_of(const Tree::Entry& entry) {
    Draft draft;
    draft.faulty = !check_label(entry.key, "a node", entry.where, diagnostics_);
    draft.resource.component = schema_.component;
    draft.resource.where = entry.where;
    draft.schema = &schema_;
    draft.written_as = child_address("nodes", entry.key);
    if (!check_mapping(entry.value, "a node", diagnostics_)) {
      draft.faulty = true;
      return draft;
    }
    draft.extended = drafts_.prototypes->extend(entry.value);
    drafts_.budget().spend(4 * size_of(draft.extended->keys));
    draft.keys = &draft.extended->keys;
    draft.is_whole = draft.extended->is_whole;
    told_the_way(drafts_, draft, [&] {
      declare_attributes(draft);
      draft.faulty = !draft.is_whole ||  // Any key may be declared in what is not there.
                     !check_keys(*draft.keys, known_keys(draft), "a node", diagnostics_) ||
                     draft.faulty;
    });
    const Tree::Entry* own = entry.value.find("attributes");
    if (own != nullptr && !draft.extended->prototypes.empty())
      diagnostics_.add({.code = "unknown-key",
                        .summary = "a node has no key 'attributes'",
                        .where = own->where,
                        .hint = "prototypes declare them"});
    return draft;
  }

  // Says too which parameters its key came from.
  bool check_copy_name(const std::string& name, const Copy& copy, const Span& node) {
    bool is_fine = false;
    drafts_.told_parameters([&] {
      if (copy.parameters != nullptr)
        drafts_.note_parameters(*copy.parameters);
      is_fine = check_label(name, "a node", copy.key.empty() ? node : copy.where, diagnostics_);
    });
    return is_fine;
  }

  std::vector<std::string> known_keys(const Draft& draft) const {
    std::vector<std::string> known = writable_keys(schema_);
    known.insert(known.end(), kOwnKeys.begin(), kOwnKeys.end());
    if (!draft.extended->prototypes.empty())
      known.emplace_back("attributes");
    if (const Tree::Entry* declared = draft.keys->find("attributes")) {  // Wrong ones too.
      for (const Tree::Entry& attribute : declared->value.entries)
        known.push_back(attribute.key);
    }
    return known;
  }

  void declare_attributes(Draft& node) {
    const Tree::Entry* declared = node.keys->find("attributes");
    if (declared == nullptr || !check_mapping(declared->value, "'attributes'", diagnostics_))
      return;
    const PlaceScope scope(drafts_, Address());
    const Typing typing(scope, drafts_.loader(), diagnostics_);
    for (const Tree::Entry& entry : declared->value.entries) {
      if (entry.key.starts_with("x-"))
        continue;
      if (std::ranges::find(kNodeWords, entry.key) != kNodeWords.end()) {
        diagnostics_.add({.code = "bad-name",
                          .summary = fmt::format("an attribute cannot be called '{}'", entry.key),
                          .where = entry.where,
                          .hint = "every node has that"});
        continue;
      }
      if (std::optional<Declaration> declaration = read_declaration(
              entry, Declared::Attribute, drafts_.registry(), typing, diagnostics_))
        node.attributes.push_back(std::move(*declaration));
      else
        node.faulty = true;
    }
  }

  void add(Draft draft, const std::string& name) {
    const Address address = child_address("nodes", name);
    draft.resource.address = address;
    draft.node = address;
    drafts_.budget().spend(80);
    if (const Draft* other = drafts_.find(address)) {
      diagnostics_.add({.code = "duplicate-name",
                        .summary = fmt::format("there are two nodes '{}'", name),
                        .where = draft.resource.where,
                        .hint = "the copies of a node are called like it, with a number or key "
                                "behind",
                        .notes = {{"the other", other->resource.where}}});
      return;
    }
    bool is_wanted = true;
    told_the_way(drafts_, draft, [&] { is_wanted = drafts_.is_wanted(draft); });
    if (!is_wanted) {
      drafts_.leave_out("nodes", name);
      return;
    }
    drafts_.add_name("nodes", name, address);
    if (draft.copy.is_copy())
      drafts_.add_name(draft.written_as, name, address, draft.copy.key);
    drafts_.add(std::move(draft));
  }

  Drafts& drafts_;
  Diagnostics& diagnostics_;
  const Schema& schema_;
};

// All nodes, copies of the same one together.
std::vector<std::vector<Draft*>> groups_of_copies(const Drafts& drafts) {
  std::vector<std::vector<Draft*>> groups;
  for (const std::unique_ptr<Draft>& draft : drafts.all()) {
    if (!draft->is_node() || draft->keys == nullptr)
      continue;
    if (groups.empty() || groups.back().front()->keys != draft->keys)
      groups.emplace_back();
    groups.back().push_back(draft.get());
  }
  return groups;
}

}  // namespace

void declare_nodes(Drafts& drafts, const Tree& section) {
  const Component* component = section_component(drafts, section, "node");
  if (component == nullptr)
    return;
  NodeDeclarer declarer(drafts, component->schema());
  for (const Tree::Entry& entry : section.entries) {
    if (!entry.key.starts_with("x-"))
      declarer.declare(entry);
  }
}

void declare_inside_of_nodes(Drafts& drafts) {
  for (const std::vector<Draft*>& copies : groups_of_copies(drafts)) {
    const auto written = [&](const char* key) -> const Tree* {
      const Tree::Entry* entry = copies.front()->keys->find(key);
      return entry == nullptr || entry->value.is_null() ? nullptr : &entry->value;
    };
    for (const Draft* node : copies) {
      for (const char* collection : {"resources", "software", "tests"}) {
        if (!node->is_whole)
          drafts.break_collection(child_address(node->resource.address, collection));
      }
    }
    told_the_way(drafts, *copies.front(), [&] {
      const Tree* resources = written("resources");
      if (resources != nullptr && check_mapping(*resources, "'resources'", drafts.diagnostics())) {
        for (const Draft* node : copies)
          declare_resources(drafts, *resources, node);
      }
      if (const Tree* software = written("software"))
        declare_software(drafts, copies, *software);
      const Tree* tests = written("tests");
      if (tests == nullptr || !check_mapping(*tests, "'tests'", drafts.diagnostics()))
        return;
      for (const Draft* node : copies) {
        for (const Tree::Entry& test : tests->entries) {
          if (!test.key.starts_with("x-"))
            drafts.add_test(node->resource.address + ".tests", test.key);
        }
      }
    });
  }
}

}  // namespace encamp
