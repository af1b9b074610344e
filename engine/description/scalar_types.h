// Which text is a value of which type.
#pragma once

#include <string>

#include "engine/component/schema.h"
#include "engine/description/value.h"

namespace encamp {

/// Thrown when a value is not of the wanted type; the caller adds the place.
struct Mismatch {
  std::string code;  ///< `wrong-type` or a more telling one.
  std::string summary;
  std::string hint;
};

/// `text` as a value of a scalar type (not Any, Source, Reference, List, Mapping). Throws Mismatch.
Value scalar_from_text(const std::string& text, Type::Kind kind);

/// What YAML 1.2 core takes a plain scalar for: true, false, a number, else text.
Value core_scalar(const std::string& text);

/// "a size", "true or false", "a list": the type as a message says it.
std::string type_name(const Type& type);

}  // namespace encamp
