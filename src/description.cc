#include "src/description.h"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "engine/bind/bind.h"
#include "engine/description/read.h"
#include "engine/description/resolve.h"
#include "engine/graph/compile.h"
#include "src/local_loader.h"
#include "src/settings.h"
#include "src/terminal_text.h"

namespace encamp {
namespace {

// Where the site's pool would be called like the one of all images.
void refuse_taken_name(const Site& site, const Tree& tree, Diagnostics& diagnostics) {
  if (site.name != "images")
    return;
  const Tree::Entry* const entry = tree.find("site");
  diagnostics.add({.code = "bad-name",
                   .summary = "'images' cannot be the name of a deployment: the storage pool of "
                              "all images is called so",
                   .where = entry != nullptr ? entry->value.where : Span(),
                   .hint = "call the site otherwise, or deploy it with another --name"});
}

std::string quoted_for_shell(const std::string& word) {
  const bool is_plain = std::ranges::all_of(word, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("=_-./:,@%+").find(c) != std::string_view::npos;
  });
  if (is_plain)
    return word;
  std::string text = "'";
  for (const char c : word)
    text += c == '\'' ? "'\\''" : std::string(1, c);
  return text + "'";
}

}  // namespace

std::string as_typed(const SiteOptions& site, const std::vector<std::string>& secrets) {
  std::string text = site.file;
  for (const std::string& file : site.parameters)
    text += " --parameters " + quoted_for_shell(file);
  for (const std::string& path : site.allowed)
    text += " --allow-path " + quoted_for_shell(path);
  for (const std::string& setting : site.settings) {
    const std::size_t equals = setting.find('=');
    const bool is_shown = setting.compare(equals + 1, 1, "@") == 0 ||
                          std::ranges::find(secrets, setting.substr(0, equals)) == secrets.end();
    text += " --set " + (is_shown ? quoted_for_shell(setting) : setting.substr(0, equals) + "=...");
  }
  return text;
}

std::string Description::site_name() const {
  const Tree::Entry* const entry = tree->find("site");
  return entry != nullptr ? entry->value.text : "";
}

std::string Description::first_node() const {
  const auto node = std::ranges::find(graph->resources, "node", &Resource::component);
  return node == graph->resources.end() ? "" : last_name(node->address);
}

Description read_description(Program& program, const SiteOptions& site, const std::string& name) {
  const std::string& file = site.file;
  Description result{.file = std::filesystem::absolute(file).lexically_normal().native()};
  std::string text;
  ResolveOptions& options = result.options;
  options.name = name;
  try {
    text = read_text(file, ReadBudget().bytes + 1);
    options.settings = read_settings(site, result.diagnostics);
  } catch (const Error& error) {
    program.report(error);
    throw WrongInput();
  }
  const auto source = std::make_shared<const SourceFile>(file, std::move(text));
  result.tree = read_tree(source, result.diagnostics);
  if (result.tree) {
    const LocalLoader loader(file, program.installation().data / "descriptions", site.allowed);
    const std::vector<std::string>& secrets = result.secrets =
        secret_parameters(*result.tree, program.registry(), loader);
    for (const Setting& setting : options.settings) {
      if (setting.from != Setting::From::Variable &&
          std::ranges::find(secrets, setting.name) == secrets.end())
        result.settings[setting.name] = setting.value;
    }
    Site resolved =
        resolve_in_part(*result.tree, program.registry(), loader, options, result.diagnostics);
    if (result.diagnostics.has_errors())
      find_need_cycles(resolved, program.registry(), result.diagnostics);
    else
      result.site = std::move(resolved);
  }
  if (result.site)
    refuse_taken_name(*result.site, *result.tree, result.diagnostics);
  if (result.site)
    result.graph = compile_from(*result.site, program.registry(), result.diagnostics);
  if (result.graph && !result.diagnostics.has_errors())
    check_addresses(*result.graph, result.diagnostics);
  result.diagnostics.sort();
  return result;
}

Description read_good_description(Program& program, const SiteOptions& site,
                                  const std::string& name) {
  Description description = read_description(program, site, name);
  print_diagnostics(program, description.diagnostics, DiagnosticFormat::Text);
  if (!description.is_good())
    throw WrongInput();
  return description;
}

void print_diagnostics(Program& program, const Diagnostics& diagnostics, DiagnosticFormat format) {
  if (format == DiagnosticFormat::Json) {
    for (const Diagnostic& diagnostic : diagnostics.all())
      program.out().write(to_json(diagnostic) + "\n");
    return;
  }
  for (const Diagnostic& diagnostic : diagnostics.all())
    program.err().write(render(diagnostic) + "\n");
  const auto errors = std::ranges::count(diagnostics.all(), Severity::Error, &Diagnostic::severity);
  const auto warnings = std::ssize(diagnostics.all()) - errors;
  if (errors > 0)
    program.err().write(counted(errors, "error") + "; nothing was changed\n");
  else if (warnings > 0)
    program.err().write(counted(warnings, "warning") + "\n");
}

}  // namespace encamp
