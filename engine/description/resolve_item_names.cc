// What items are known by once their references are resolved: `file /etc/${{ site.name }}` is
// `file /etc/lab`.
#include <algorithm>

#include <fmt/format.h>

#include "engine/description/expression.h"
#include "engine/description/expression_parser.h"
#include "engine/description/item_name.h"
#include "engine/description/resolver.h"

namespace encamp {
namespace {

std::string text_of(const Value& subject) {
  if (!subject.is_list())
    return to_source(subject);
  std::vector<std::string> texts;
  for (const Value& item : subject.list())
    texts.push_back(to_source(item));
  return fmt::format("{}", fmt::join(texts, ", "));
}

}  // namespace

void name_items(Drafts& drafts) {
  for (const std::unique_ptr<Draft>& draft : drafts.all()) {
    if (draft->subject == nullptr || draft->keys->find("name") != nullptr ||
        !has_reference(draft->subject->value))
      continue;
    const Value* subject = nullptr;
    told_the_way(drafts, *draft, [&] {
      try {
        subject = drafts.property(*draft, draft->schema->subject, {});
      } catch (const ExpressionError& error) {
        if (!error.diagnostic.code.empty())
          drafts.diagnostics().add(error.diagnostic);
      }
    });
    if (subject != nullptr)
      drafts.rename(*draft, item_name(draft->schema->component, text_of(*subject)));
  }
}

}  // namespace encamp
