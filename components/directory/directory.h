// `directory: /var/log/x`: a directory with its owner and mode, and with files of this machine.
#pragma once

#include "engine/component/component.h"

namespace encamp {

class DirectoryComponent : public Component {
 public:
  const Schema& schema() const override;
  Change compare(const Properties& wanted, const Properties& recorded) const override;
  Attributes realize(const Properties& wanted, const Record& record,
                     Context& context) const override;
  void ask(const Record& record, Questions& questions) const override;
  std::optional<Properties> observe(const Record& record, Context& context) const override;
  void remove(const Record& record, Context& context) const override;

 private:
  static Attributes upload(const Properties& wanted, const Record& record, Context& context);
};

}  // namespace encamp
