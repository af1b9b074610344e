#include "engine/description/expression.h"

namespace encamp {

Value settle(const Value& value, const Lookup&) {
  return value;
}
Properties settle(const Properties& properties, const Lookup&) {
  return properties;
}
std::vector<AttributeReference> pending_references(const Value&) {
  return {};
}
std::string to_source(const Value&) {
  return {};
}

}  // namespace encamp
