#include "src/agent_frames.h"

#include <algorithm>

#include "engine/error.h"
#include "engine/world/printable.h"

namespace encamp {
namespace {

constexpr int kDetailLines = 20;

void append_number(std::string& bytes, std::size_t number) {
  for (const int shift : {24, 16, 8, 0})
    bytes += static_cast<char>(number >> shift & 0xff);
}

void append_part(std::string& bytes, std::string_view part) {
  append_number(bytes, part.size());
  bytes += part;
}

std::vector<std::string> parts_of(std::string_view body) {
  std::vector<std::string> parts;
  while (body.size() >= 4) {
    const std::size_t size = frame_size(body);
    parts.emplace_back(body.substr(4, size));
    body.remove_prefix(std::min(body.size(), 4 + size));
  }
  return parts;
}

ErrorKind kind_of(std::string_view word) {
  if (word == "not-found")
    return ErrorKind::NotFound;
  if (word == "unknown")
    return ErrorKind::Unknown;
  if (word == "timeout")
    return ErrorKind::Timeout;
  return ErrorKind::Failed;
}

}  // namespace

std::string request_frame(std::string_view operation, const std::vector<std::string>& arguments) {
  std::string body;
  append_part(body, operation);
  for (const std::string& argument : arguments)
    append_part(body, argument);
  std::string head;
  append_number(head, body.size());
  return head + body;
}

std::size_t frame_size(std::string_view head) {
  std::size_t number = 0;
  for (std::size_t i = 0; i < 4; ++i)
    number = number << 8 | static_cast<unsigned char>(head[i]);
  return number;
}

std::vector<std::string> results_of(std::string_view body) {
  std::vector<std::string> answer = parts_of(body);
  if (answer.empty())
    throw Error(ErrorKind::Failed, "the agent on the node gave no answer");
  if (answer[0] == "ok") {
    answer.erase(answer.begin());
    return answer;
  }
  answer.resize(3);
  throw Error(kind_of(answer[0]), printable(answer[1]))
      .with_detail(last_lines(printable(answer[2]), kDetailLines));
}

}  // namespace encamp
