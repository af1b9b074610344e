#include "engine/graph/compile.h"

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <numeric>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "engine/description/expression.h"
#include "engine/description/name_map.h"
#include "engine/graph/order.h"

namespace encamp {
namespace {

constexpr const char* kCycle = "cycle";

class Compiler {
 public:
  Compiler(Site& site, const Registry& registry, Diagnostics& diagnostics)
      : site_(site), registry_(registry), diagnostics_(diagnostics) {
    vertices_.reserve(site_.resources.size());
    for (Graph::Vertex v = 0; v < size(); ++v)
      vertices_.emplace(at(v).address, v);
    graph_.edges.reserve(4 * size());
  }

  Graph run() {
    graph_.site = site_.name;
    graph_.domain = site_.domain;
    find_chains();
    expand_all();
    for (Graph::Vertex v = 0; v < size(); ++v) {
      add_written_needs(v);
      add_late_references(v);
      registry_.get(at(v).component).check(at(v), diagnostics_);
    }
    check_tests();
    find_order_or_cycles();
    graph_.resources = std::move(site_.resources);
    std::ranges::move(implied_, std::back_inserter(graph_.resources));
    return std::move(graph_);
  }

  // No component is asked: their resources may lack what they count on.
  void look_for_cycles() {
    find_chains();
    for (Graph::Vertex v = 0; v < size(); ++v) {
      add_written_needs(v);
      add_late_references(v);
    }
    check_tests();
    find_order_or_cycles();
  }

 private:
  // One resource's window for Component::expand.
  class Window : public Expansion {
   public:
    Window(Compiler& compiler, Graph::Vertex vertex)
        : compiler_(compiler), vertex_(vertex), self_(compiler.at(vertex)) {}

    const Site& site() const override { return compiler_.site_; }

    std::vector<const Resource*> items(const Address& node) const override {
      const auto found = compiler_.items_.find(node);
      std::vector<const Resource*> items;
      if (found != compiler_.items_.end()) {
        for (const Graph::Vertex v : found->second)
          items.push_back(&compiler_.at(v));
      }
      return items;
    }

    void need(const Address& address, const std::string& reason) override {
      compiler_.need(vertex_, address, reason, self_.where);
    }

    void imply(Resource resource, const std::string& reason) override {
      const Address address = resource.address;
      if (compiler_.vertices_.find(address) == nullptr) {
        if (!resource.where)
          resource.where = self_.where;
        compiler_.implied_.push_back(std::move(resource));
        compiler_.vertices_.emplace(compiler_.implied_.back().address, compiler_.size() - 1);
      }
      compiler_.need(vertex_, address, reason, self_.where);
    }

    void set(const std::string& property, Value value) override {
      compiler_.changes_.push_back({vertex_, property, std::move(value)});
    }

   private:
    Compiler& compiler_;
    Graph::Vertex vertex_;
    const Resource& self_;
  };

  /// Made once all are expanded: till then components see the site as it was written.
  struct Change {
    Graph::Vertex vertex;
    std::string property;
    Value value;
  };

  // Of the site, then those that are implied. They stay where they are until the end.
  std::size_t size() const { return site_.resources.size() + implied_.size(); }
  Resource& at(Graph::Vertex v) {
    const std::size_t written = site_.resources.size();
    return v < written ? site_.resources[v] : implied_[v - written];
  }

  void find_chains() {
    for (Graph::Vertex v = 0; v < size(); ++v) {
      if (!at(v).node.empty())
        items_[at(v).node].push_back(v);
    }
    for (const auto& [node, items] : items_) {
      std::array<std::vector<Graph::Vertex>, 3> by_rank;
      for (const Graph::Vertex item : items)
        by_rank[rank(at(item))].push_back(item);
      std::vector<Graph::Vertex> chain;
      for (const std::vector<Graph::Vertex>& some : by_rank)
        chain.insert(chain.end(), some.begin(), some.end());
      last_on_[node] = chain.back();
      const auto on = find(Address(node), at(chain.front()).where);
      for (std::size_t i = 0; i < chain.size(); ++i) {
        const Span& where = at(chain[i]).where;
        if (on)
          add_edge(chain[i], *on, "its node", where);
        if (i > 0)
          add_edge(chain[i], chain[i - 1], "order in software", where);
      }
    }
  }

  // Repositories and packages without needs come first: they are in the image already, or are
  // installed before anything else is done.
  static std::size_t rank(const Resource& item) {
    if (!item.needs.empty())
      return 2;
    return item.component == "repository" ? 0 : item.component == "package" ? 1 : 2;
  }

  void expand_all() {
    // Implied resources are appended and expanded in their turn.
    for (Graph::Vertex v = 0; v < size(); ++v) {
      Window window(*this, v);
      registry_.get(at(v).component).expand(at(v), window);
    }
    for (Change& change : changes_)
      at(change.vertex).properties[change.property] = std::move(change.value);
  }

  void add_written_needs(Graph::Vertex v) {
    const Resource& resource = at(v);
    for (const Need& written : resource.needs) {
      if (written.address == resource.node)
        continue;  // Its own node as such; "all that lies on it" would include itself.
      need(v, written.address, "written in needs", written.where);
      const auto last = last_on_.find(written.address);
      if (last != last_on_.end())
        add_edge(v, last->second, "written in needs", written.where);
    }
  }

  void add_late_references(Graph::Vertex v) {
    const Resource& resource = at(v);
    for (const auto& [name, value] : resource.properties) {
      if (!value.is_reference() && !value.is_list() && !value.is_mapping() && !value.is_pending())
        continue;  // Text, most often.
      check_references(value, resource.place(name));
      for (const AttributeReference& reference : pending_references(value)) {
        const Span where = reference.where ? reference.where : resource.place(name);
        if (const auto target = find_late(reference, where))
          add_edge(v, *target, "refers to " + reference.address + "." + reference.attribute, where);
      }
    }
  }

  // Resources named as values, `controller: ${{ nodes.head }}`, need not be there first, only be.
  void check_references(const Value& value, const Span& where) {
    if (value.is_reference()) {
      find(value.reference(), where);
    } else if (value.is_list()) {
      for (const Value& item : value.list())
        check_references(item, where);
    } else if (value.is_mapping()) {
      for (const Value::Entry& entry : value.mapping())
        check_references(entry.value, where);
    }
  }

  /// The resource that reports the attribute; nothing when that is chosen, or none.
  std::optional<Graph::Vertex> find_late(const AttributeReference& reference, const Span& where) {
    const auto target = find(reference.address, where);
    if (!target)
      return std::nullopt;
    const Schema& schema = registry_.get(at(*target).component).schema();
    // `addresses.lan` is a part of the attribute `addresses`.
    const std::string name = reference.attribute.substr(0, reference.attribute.find('.'));
    if (const AttributeSchema* attribute = schema.find_attribute(name))
      return attribute->phase == Phase::Late ? target : std::nullopt;
    std::vector<std::string> known;
    for (const AttributeSchema& attribute : schema.attributes)
      known.push_back(attribute.name);
    report({.code = "unknown-name",
            .summary = fmt::format("'{}' has no attribute '{}'", reference.address, name),
            .where = where,
            .hint = suggestion(name, known)});
    return std::nullopt;
  }

  void check_tests() {
    std::map<Address, std::size_t> tests;
    for (std::size_t t = 0; t < site_.tests.size(); ++t)
      tests.emplace(site_.tests[t].address, t);
    std::vector<NeedPair> needs;
    std::vector<const Need*> written;
    for (std::size_t t = 0; t < site_.tests.size(); ++t) {
      for (const Need& need : site_.tests[t].needs) {
        const auto other = tests.find(need.address);
        if (other == tests.end()) {
          find(need.address, need.where);
        } else {
          needs.emplace_back(t, other->second);
          written.push_back(&need);
        }
      }
      for (const auto& [name, value] : site_.tests[t].command)
        check_attributes(value, site_.tests[t].where);
    }
    for (const Output& output : site_.outputs)
      check_attributes(output.value, output.where);
    for (const auto& cycle : find_cycles(site_.tests.size(), needs)) {
      std::vector<Diagnostic::Note> notes;
      for (const std::size_t i : cycle)
        notes.push_back(
            {fmt::format("{} needs {}: written in needs", site_.tests[needs[i].first].address,
                         site_.tests[needs[i].second].address),
             written[i]->where});
      report_cycle(site_.tests[needs[cycle.front()].first].address, std::move(notes));
    }
  }

  void check_attributes(const Value& value, const Span& where) {
    for (const AttributeReference& reference : pending_references(value))
      find_late(reference, reference.where ? reference.where : where);
  }

  // The first reason for an edge is the one that is shown.
  void sort_edges() {
    // By counting: there are a million of them, and each is moved once.
    std::vector<std::size_t> next(size() + 1, 0);
    for (const Graph::Edge& edge : graph_.edges)
      ++next[edge.from + 1];
    std::partial_sum(next.begin(), next.end(), next.begin());
    std::vector<std::size_t> sorted(graph_.edges.size());
    for (std::size_t i = 0; i < sorted.size(); ++i)
      sorted[next[graph_.edges[i].from]++] = i;
    std::vector<Graph::Edge> edges;
    edges.reserve(sorted.size());
    std::vector<Graph::Vertex> needed_by(size(), size());
    for (const std::size_t i : sorted) {
      Graph::Edge& edge = graph_.edges[i];
      if (std::exchange(needed_by[edge.to], edge.from) != edge.from)
        edges.push_back(std::move(edge));
    }
    graph_.edges = std::move(edges);
  }

  void find_order_or_cycles() {
    sort_edges();
    std::vector<NeedPair> needs;
    needs.reserve(graph_.edges.size());
    for (const Graph::Edge& edge : graph_.edges)
      needs.emplace_back(edge.from, edge.to);
    if (auto order = find_order(size(), needs)) {
      graph_.order = std::move(*order);
      return;
    }
    for (const auto& cycle : find_cycles(size(), needs)) {
      std::vector<Diagnostic::Note> notes;
      for (const std::size_t i : cycle) {
        const Graph::Edge& edge = graph_.edges[i];
        notes.push_back({fmt::format("{} needs {}: {}", at(edge.from).address, at(edge.to).address,
                                     edge.reason),
                         edge.where});
      }
      report_cycle(at(graph_.edges[cycle.front()].from).address, std::move(notes));
    }
  }

  void report_cycle(const Address& address, std::vector<Diagnostic::Note> notes) {
    const Span where = notes.front().where;
    diagnostics_.add({.code = kCycle,
                      .summary = fmt::format("'{}' needs itself in the end", address),
                      .where = where,
                      .hint = "take one of these needs away",
                      .notes = std::move(notes)});
  }

  void need(Graph::Vertex from, const Address& to, const std::string& reason, const Span& where) {
    if (const auto target = find(to, where))
      add_edge(from, *target, reason, where);
  }

  void add_edge(Graph::Vertex from, Graph::Vertex to, std::string reason, const Span& where) {
    graph_.edges.push_back({from, to, std::move(reason), where});
  }

  std::optional<Graph::Vertex> find(const Address& address, const Span& where) {
    if (const Graph::Vertex* const found = vertices_.find(address))
      return *found;
    std::vector<std::string> known;
    for (Graph::Vertex v = 0; v < size(); ++v)
      known.push_back(at(v).address);
    if (std::ranges::find(site_.tests, address, &Test::address) != site_.tests.end()) {
      report({.code = "bad-path",
              .summary = fmt::format("'{}' is a test, and only tests need tests", address),
              .where = where,
              .hint = "tests run when all of the site stands"});
      return std::nullopt;
    }
    report({.code = "unknown-resource",
            .summary = fmt::format("there is no '{}'", address),
            .where = where,
            .hint = suggestion(address, known)});
    return std::nullopt;
  }

  static std::string suggestion(const std::string& word, const std::vector<std::string>& known) {
    const std::string candidate = nearest(word, known);
    return candidate.empty() ? "" : fmt::format("did you mean '{}'?", candidate);
  }

  // Says each thing once, however many values of one place are wrong in the same way.
  void report(Diagnostic diagnostic) {
    for (const Diagnostic& other : diagnostics_.all()) {
      if (other.summary == diagnostic.summary && other.where.file == diagnostic.where.file &&
          other.where.line == diagnostic.where.line &&
          other.where.column == diagnostic.where.column)
        return;
    }
    diagnostics_.add(std::move(diagnostic));
  }

  Site& site_;
  const Registry& registry_;
  Diagnostics& diagnostics_;
  Graph graph_;
  std::deque<Resource> implied_;
  std::vector<Change> changes_;
  NameMap<Graph::Vertex> vertices_;  // By address.
  std::unordered_map<std::string_view, std::vector<Graph::Vertex>>
      items_;                                                    // Of a node, as written.
  std::unordered_map<std::string_view, Graph::Vertex> last_on_;  // The last of a node's chain.
};

}  // namespace

Graph compile(Site site, const Registry& registry, Diagnostics& diagnostics) {
  return compile_from(site, registry, diagnostics);
}

Graph compile_from(Site& site, const Registry& registry, Diagnostics& diagnostics) {
  return Compiler(site, registry, diagnostics).run();
}

void find_need_cycles(Site site, const Registry& registry, Diagnostics& diagnostics) {
  Diagnostics found;
  Compiler(site, registry, found).look_for_cycles();
  for (const Diagnostic& diagnostic : found.all()) {
    if (diagnostic.code == kCycle)
      diagnostics.add(diagnostic);
  }
}

}  // namespace encamp
