// `command: text`: something that is run once on a node.
#pragma once

#include "engine/component/component.h"

namespace encamp {

class CommandComponent : public Component {
 public:
  const Schema& schema() const override;
  Attributes realize(const Properties& wanted, const Record& record,
                     Context& context) const override;
  void ask(const Record& record, Questions& questions) const override;
  std::optional<Properties> observe(const Record& record, Context& context) const override;
  void remove(const Record& record, Context& context) const override;
};

}  // namespace encamp
