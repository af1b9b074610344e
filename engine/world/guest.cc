#include "engine/world/guest.h"

namespace encamp {

Answers Guest::answer(const Questions& questions) {
  Answers answers;
  for (const std::string& path : questions.files)
    answers.files[path] = find_file(path);
  if (!questions.packages.empty())
    answers.packages = installed({questions.packages.begin(), questions.packages.end()});
  for (const std::string& name : questions.units)
    answers.units[name] = unit(name);
  return answers;
}

}  // namespace encamp
