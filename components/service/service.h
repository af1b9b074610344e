// `service: nginx`: a systemd unit that is enabled, runs, and is ready.
#pragma once

#include "engine/component/component.h"

namespace encamp {

class ServiceComponent : public Component {
 public:
  const Schema& schema() const override;
  void check(const Resource& resource, Diagnostics& diagnostics) const override;
  void expand(const Resource& resource, Expansion& expansion) const override;
  Attributes realize(const Properties& wanted, const Record& record,
                     Context& context) const override;
  void ask(const Record& record, Questions& questions) const override;
  std::optional<Properties> observe(const Record& record, Context& context) const override;
  void remove(const Record& record, Context& context) const override;
};

}  // namespace encamp
