// `package: [nginx-light, curl]`: Debian packages on a node.
#pragma once

#include "engine/component/component.h"

namespace encamp {

class PackageComponent : public Component {
 public:
  const Schema& schema() const override;
  void check(const Resource& resource, Diagnostics& diagnostics) const override;
  void expand(const Resource& resource, Expansion& expansion) const override;
  Change compare(const Properties& wanted, const Properties& recorded) const override;
  Attributes realize(const Properties& wanted, const Record& record,
                     Context& context) const override;
  void ask(const Record& record, Questions& questions) const override;
  std::optional<Properties> observe(const Record& record, Context& context) const override;
  void remove(const Record& record, Context& context) const override;
};

}  // namespace encamp
