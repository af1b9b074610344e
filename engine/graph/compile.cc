#include "engine/graph/compile.h"

#include <algorithm>
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
  Compiler(const Site& site, const Registry& registry, Diagnostics& diagnostics)
      : site_(site), registry_(registry), diagnostics_(diagnostics) {}

  Graph run() {
    graph_.site = site_.name;
    graph_.domain = site_.domain;
    take_resources();
    find_chains();
    expand_all();
    for (Graph::Vertex v = 0; v < graph_.resources.size(); ++v) {
      add_written_needs(v);
      add_late_references(v);
      registry_.get(graph_.resources[v].component).check(graph_.resources[v], diagnostics_);
    }
    check_tests();
    find_order_or_cycles();
    return std::move(graph_);
  }

  // No component is asked: their resources may lack what they count on.
  void look_for_cycles() {
    take_resources();
    find_chains();
    for (Graph::Vertex v = 0; v < graph_.resources.size(); ++v) {
      add_written_needs(v);
      add_late_references(v);
    }
    check_tests();
    find_order_or_cycles();
  }

 private:
  // One resource's window for Component::expand. It lies in a vector that grows, so meanwhile it is
  // elsewhere.
  class Window : public Expansion {
   public:
    Window(Compiler& compiler, Graph::Vertex vertex)
        : compiler_(compiler),
          vertex_(vertex),
          self_(std::move(compiler.graph_.resources[vertex])) {}
    ~Window() override { compiler_.graph_.resources[vertex_] = std::move(self_); }
    Window(const Window&) = delete;
    Window& operator=(const Window&) = delete;

    const Resource& self() const { return self_; }

    const Site& site() const override { return compiler_.site_; }

    std::vector<const Resource*> items(const Address& node) const override {
      const auto found = compiler_.items_.find(node);
      std::vector<const Resource*> items;
      if (found != compiler_.items_.end()) {
        for (const Graph::Vertex v : found->second)
          items.push_back(&compiler_.site_.resources[v]);
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
        compiler_.vertices_.emplace(compiler_.implied_.emplace_back(address),
                                    compiler_.graph_.resources.size());
        compiler_.graph_.resources.push_back(std::move(resource));
      }
      compiler_.need(vertex_, address, reason, self_.where);
    }

    void set(const std::string& property, Value value) override {
      changed_.emplace_back(property, std::move(value));
    }

    /// Only now, because the component looks at the resource while it asks for changes.
    void finish() {
      for (auto& [property, value] : changed_)
        self_.properties[property] = std::move(value);
    }

   private:
    Compiler& compiler_;
    Graph::Vertex vertex_;
    Resource self_;
    std::vector<std::pair<std::string, Value>> changed_;
  };

  void take_resources() {
    graph_.resources = site_.resources;
    graph_.edges.reserve(4 * graph_.resources.size());
    vertices_.reserve(graph_.resources.size());
    for (Graph::Vertex v = 0; v < graph_.resources.size(); ++v)
      vertices_.emplace(site_.resources[v].address, v);
  }

  void find_chains() {
    for (Graph::Vertex v = 0; v < graph_.resources.size(); ++v) {
      if (!graph_.resources[v].node.empty())
        items_[site_.resources[v].node].push_back(v);
    }
    for (const auto& [node, items] : items_) {
      std::vector<Graph::Vertex> chain = items;
      std::ranges::stable_sort(chain, {}, [this](Graph::Vertex v) { return rank(v); });
      last_on_[node] = chain.back();
      const auto on = find(Address(node), graph_.resources[chain.front()].where);
      for (std::size_t i = 0; i < chain.size(); ++i) {
        const Span& where = graph_.resources[chain[i]].where;
        if (on)
          add_edge(chain[i], *on, "its node", where);
        if (i > 0)
          add_edge(chain[i], chain[i - 1], "order in software", where);
      }
    }
  }

  // Repositories and packages without needs come first: they are in the image already, or are
  // installed before anything else is done.
  int rank(Graph::Vertex v) const {
    const Resource& item = graph_.resources[v];
    if (!item.needs.empty())
      return 2;
    return item.component == "repository" ? 0 : item.component == "package" ? 1 : 2;
  }

  void expand_all() {
    // Implied resources are appended and expanded in their turn.
    for (Graph::Vertex v = 0; v < graph_.resources.size(); ++v) {
      Window window(*this, v);
      registry_.get(window.self().component).expand(window.self(), window);
      window.finish();
    }
  }

  void add_written_needs(Graph::Vertex v) {
    const Resource& resource = graph_.resources[v];
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
    const Resource& resource = graph_.resources[v];
    for (const auto& [name, value] : resource.properties) {
      if (!value.is_reference() && !value.is_list() && !value.is_mapping() && !value.is_pending())
        continue;  // Text, most often.
      check_references(value, resource.place(name));
      for (const AttributeReference& reference : pending_references(value)) {
        const Span where = reference.where ? reference.where : resource.place(name);
        if (is_late(reference, where))
          need(v, reference.address,
               fmt::format("refers to {}.{}", reference.address, reference.attribute), where);
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

  bool is_late(const AttributeReference& reference, const Span& where) {
    const auto target = find(reference.address, where);
    if (!target)
      return false;
    const Schema& schema = registry_.get(graph_.resources[*target].component).schema();
    // `addresses.lan` is a part of the attribute `addresses`.
    const std::string name = reference.attribute.substr(0, reference.attribute.find('.'));
    if (const AttributeSchema* attribute = schema.find_attribute(name))
      return attribute->phase == Phase::Late;
    std::vector<std::string> known;
    for (const AttributeSchema& attribute : schema.attributes)
      known.push_back(attribute.name);
    report({.code = "unknown-name",
            .summary = fmt::format("'{}' has no attribute '{}'", reference.address, name),
            .where = where,
            .hint = suggestion(name, known)});
    return false;
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
      is_late(reference, reference.where ? reference.where : where);
  }

  // The first reason for an edge is the one that is shown.
  void sort_edges() {
    // By counting: there are a million of them, and each is moved once.
    std::vector<std::size_t> next(graph_.resources.size() + 1, 0);
    for (const Graph::Edge& edge : graph_.edges)
      ++next[edge.from + 1];
    std::partial_sum(next.begin(), next.end(), next.begin());
    std::vector<Graph::Edge> sorted(graph_.edges.size());
    for (Graph::Edge& edge : graph_.edges)
      sorted[next[edge.from]++] = std::move(edge);
    graph_.edges = std::move(sorted);
    std::vector<Graph::Vertex> needed_by(graph_.resources.size(), graph_.resources.size());
    std::erase_if(graph_.edges, [&](const Graph::Edge& edge) {
      return std::exchange(needed_by[edge.to], edge.from) == edge.from;
    });
  }

  void find_order_or_cycles() {
    sort_edges();
    std::vector<NeedPair> needs;
    needs.reserve(graph_.edges.size());
    for (const Graph::Edge& edge : graph_.edges)
      needs.emplace_back(edge.from, edge.to);
    if (auto order = find_order(graph_.resources.size(), needs)) {
      graph_.order = std::move(*order);
      return;
    }
    for (const auto& cycle : find_cycles(graph_.resources.size(), needs)) {
      std::vector<Diagnostic::Note> notes;
      for (const std::size_t i : cycle) {
        const Graph::Edge& edge = graph_.edges[i];
        notes.push_back({fmt::format("{} needs {}: {}", graph_.resources[edge.from].address,
                                     graph_.resources[edge.to].address, edge.reason),
                         edge.where});
      }
      report_cycle(graph_.resources[graph_.edges[cycle.front()].from].address, std::move(notes));
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
    for (const Resource& resource : site_.resources)
      known.push_back(resource.address);
    known.insert(known.end(), implied_.begin(), implied_.end());
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

  const Site& site_;
  const Registry& registry_;
  Diagnostics& diagnostics_;
  Graph graph_;
  // By address, which is kept by the site, or in `implied_`.
  NameMap<Graph::Vertex> vertices_;
  std::deque<Address> implied_;
  std::unordered_map<std::string_view, std::vector<Graph::Vertex>>
      items_;                                                    // Of a node, as written.
  std::unordered_map<std::string_view, Graph::Vertex> last_on_;  // The last of a node's chain.
};

}  // namespace

Graph compile(const Site& site, const Registry& registry, Diagnostics& diagnostics) {
  return Compiler(site, registry, diagnostics).run();
}

void find_need_cycles(const Site& site, const Registry& registry, Diagnostics& diagnostics) {
  Diagnostics found;
  Compiler(site, registry, found).look_for_cycles();
  for (const Diagnostic& diagnostic : found.all()) {
    if (diagnostic.code == kCycle)
      diagnostics.add(diagnostic);
  }
}

}  // namespace encamp
