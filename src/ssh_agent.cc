#include "src/ssh_agent.h"

#include <array>
#include <cstdint>

#include <fmt/format.h>

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

/// REQUIRES: at least 4 bytes.
std::size_t read_number(std::string_view bytes) {
  std::size_t number = 0;
  for (std::size_t i = 0; i < 4; ++i)
    number = number << 8 | static_cast<unsigned char>(bytes[i]);
  return number;
}

std::vector<std::string> parts_of(std::string_view body) {
  std::vector<std::string> parts;
  while (body.size() >= 4) {
    const std::size_t size = read_number(body);
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

SshAgent::SshAgent(SshSession& session, const std::string& state, Clock::Instant deadline)
    // The login shell sees only this line; the agent's text comes by standard input.
    : channel_(session.execute(
          fmt::format("exec perl -e '$_=\"\";1 while length()<{0}&&sysread(STDIN,$_,{0}-length(),"
                      "length());eval;die$@if$@' '{1}'",
                      kSshAgentText.size(), state),
          deadline)) {
  channel_.write(kSshAgentText, deadline);
}

std::vector<std::string> SshAgent::ask(std::string_view operation,
                                       const std::vector<std::string>& arguments,
                                       Clock::Instant deadline) {
  std::string body;
  append_part(body, operation);
  for (const std::string& argument : arguments)
    append_part(body, argument);
  std::string head;
  append_number(head, body.size());

  broken_ = true;  // Until the answer is there: after half of one nothing can be read any more.
  channel_.write(head + body, deadline);
  const std::size_t size = read_number(channel_.read(4, deadline));
  std::vector<std::string> answer = parts_of(channel_.read(size, deadline));
  broken_ = false;

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
