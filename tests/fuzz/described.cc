#include "tests/fuzz/described.h"

#include "engine/description/site_print.h"
#include "engine/graph/compile.h"
#include "engine/graph/print.h"
#include "tests/support/described.h"
#include "tests/support/typed_registry.h"

namespace encamp::test {

std::size_t describe_untrusted(std::string_view bytes) {
  static const Registry kRegistry = typed_registry();
  static const MapLoader kLoader({{"/site/x", "${{ node.name }}\n"},
                                  {"/library/a.yaml", "encamp: 1\nprototypes: {p: {cpus: 2}}\n"}});
  Diagnostics diagnostics;
  const auto file = std::make_shared<const SourceFile>("any.yaml", std::string(bytes));
  const std::optional<Tree> tree = read_tree(file, diagnostics);
  if (tree) {
    const ResolveOptions options{.budget = kUntrustedBudget};
    const std::optional<Resolved> resolved =
        resolve_with_outline(*tree, kRegistry, kLoader, options, diagnostics);
    if (resolved) {
      const Graph graph = compile(resolved->site, kRegistry, diagnostics);
      to_json(graph);
      to_description(resolved->site, resolved->outline, kRegistry, ShowOrigins::Yes);
    }
  }
  for (const Diagnostic& diagnostic : diagnostics.all()) {
    render(diagnostic);
    to_json(diagnostic);
  }
  return diagnostics.all().size();
}

}  // namespace encamp::test
