#include "components/command/command.h"

#include <fmt/format.h>

#include "engine/mutant.h"
#include "engine/world/digest.h"
#include "engine/world/printable.h"

namespace encamp {
namespace {

constexpr int kOutputLines = 20;
/// The note that counts executions whose outcome the guest lost: each names another receipt.
constexpr const char* kLost = "lost";
/// The note on what was run last, as a digest: another text runs though its product is there.
constexpr const char* kRan = "ran";

/// What is run and what it reads, fit to be recorded: text that is secret has a keyed digest.
std::string digest_of_run(const Properties& wanted, const Command& command) {
  const std::string both = command.text + '\0' + command.input;
  for (const char* name : {"text", "input"}) {
    const auto found = wanted.find(name);
    if (found != wanted.end() && found->second.is_secret())
      return found->second.secret().with_text(both).digest();
  }
  return sha256(both);
}

/// `text` in the place and as the user that the properties say.
Command command_of(const Properties& properties, const std::string& text, Context& context) {
  Command command{.text = text,
                  .user = text_of(properties, "user"),
                  .directory = text_of(properties, "directory"),
                  .timeout = context.time_left()};
  if (const auto found = properties.find("environment"); found != properties.end()) {
    for (const Value::Entry& entry : found->second.mapping())
      command.environment[entry.key] = entry.value.text();
  }
  return command;
}

/// What an error shows of an output.
std::string shown(const CommandResult& result) {
  std::string text = result.output;
  if (!text.empty() && !text.ends_with('\n'))
    text += '\n';
  return last_lines(printable(text + result.errors), kOutputLines);
}

void throw_if_failed(const CommandResult& result, const std::string& what, Duration timeout) {
  if (result.timed_out)
    throw Error(ErrorKind::Timeout,
                fmt::format("{} did not end within {}", what, to_string(timeout)))
        .with_detail(shown(result));
  if (result.exit != 0)
    throw Error(ErrorKind::Failed, fmt::format("{} ended with exit code {}", what, result.exit))
        .with_detail(shown(result));
}

std::string without_last_newline(std::string text) {
  if (text.ends_with('\n'))
    text.pop_back();
  return text;
}

bool unless_holds(const Properties& properties, Context& context) {
  const std::string unless = text_of(properties, "unless");
  return !unless.empty() &&
         context.guest().probe(command_of(properties, unless, context)).exit == 0;
}

/// Whether the world itself tells that the command need not run.
bool is_made(const Properties& properties, Context& context) {
  const std::string product = text_of(properties, "creates");
  return (!product.empty() && context.guest().find_file(product)) ||
         unless_holds(properties, context);
}

std::int64_t times_lost(const Record& record) {
  const auto found = record.notes.find(kLost);
  return found == record.notes.end() ? 0 : found->second.integer();
}

}  // namespace

const Schema& CommandComponent::schema() const {
  static const Schema schema{
      .component = "command",
      .section = "software",
      .about =
          "Runs once, and again when its text or input changes. It is run by `sh -e`, or by "
          "what its first line names after `#!`.",
      .subject = "text",
      .properties =
          {{.name = "text",
            .type = {.kind = Type::Kind::Text},
            .about = "What is run.",
            .required = true},
           {.name = "creates",
            .type = {.kind = Type::Kind::Path},
            .about = "Its product: when that is there it is not run, when it is missing it is.",
            .on_change = OnChange::Ignore},
           {.name = "unless",
            .type = {.kind = Type::Kind::Text},
            .about = "A command; when it succeeds, this one is not run.",
            .on_change = OnChange::Ignore},
           {.name = "undo",
            .type = {.kind = Type::Kind::Text},
            .about = "A command that is run when the item goes.",
            .on_change = OnChange::Ignore},
           {.name = "user",
            .type = {.kind = Type::Kind::Text},
            .about = "Who runs it.",
            .fallback = Value("root"),
            .on_change = OnChange::Ignore},
           {.name = "directory",
            .type = {.kind = Type::Kind::Path},
            .about = "Where it runs; in the user's home unless said.",
            .on_change = OnChange::Ignore},
           {.name = "environment",
            .type = {.kind = Type::Kind::Mapping, .item = {{.kind = Type::Kind::Text}}},
            .about = "Variables it sees.",
            .on_change = OnChange::Ignore},
           {.name = "input",
            .type = {.kind = Type::Kind::Text},
            .about = "What it reads on its standard input."}},
      .attributes = {{.name = "output",
                      .type = {.kind = Type::Kind::Text},
                      .phase = Phase::Late,
                      .about = "Its standard output without the last newline, at most 1 MiB."},
                     {.name = "digest",
                      .type = {.kind = Type::Kind::Text},
                      .phase = Phase::Late,
                      .about = "SHA-256 of its text and input as they were last run."}}};
  return schema;
}

Attributes CommandComponent::realize(const Properties& wanted, const Record& record,
                                     Context& context) const {
  const bool can_tell = wanted.contains("creates") || wanted.contains("unless");
  Command command = command_of(wanted, text_of(wanted, "text"), context);
  command.input = text_of(wanted, "input");
  const std::string digest = digest_of_run(wanted, command);
  const auto ran = record.notes.find(kRan);
  const bool has_changed = ran != record.notes.end() && ran->second.text() != digest;
  if (unless_holds(wanted, context) || (!has_changed && is_made(wanted, context))) {
    // It may have run in an attempt that did not hear of it: that receipt is used up. Else what is
    // missing later would count as made by it.
    if (!mutant("product-keeps-receipt"))
      context.receipt("run", digest);
    const auto before = record.attributes.find("output");
    const auto last = record.attributes.find("digest");
    return {{"output", before == record.attributes.end() ? Value("") : before->second},
            {"digest", last == record.attributes.end() ? Value(digest) : last->second}};
  }

  std::int64_t lost = times_lost(record);
  while (true) {
    const std::string purpose = lost == 0 ? "run" : fmt::format("run after {} lost", lost);
    try {
      const CommandResult result = context.guest().run(context.receipt(purpose, digest), command);
      throw_if_failed(result, "the command", command.timeout);
      if (can_tell)
        context.note(kRan, digest);
      return {{"output", without_last_newline(result.output)}, {"digest", digest}};
    } catch (Error& error) {
      // Only the world can tell whether it has to run again, and was asked above: it has.
      if (error.kind() != ErrorKind::Unknown || !can_tell || lost > times_lost(record)) {
        if (error.kind() == ErrorKind::Unknown)
          error.with_hint(fmt::format(
              "look at the node whether it took effect; with 'creates' or 'unless' encamp can "
              "tell, and 'encamp up --again {}' runs it again",
              context.owner().address));
        throw;
      }
      context.note(kLost, ++lost);
    }
  }
}

void CommandComponent::ask(const Record& record, Questions& questions) const {
  if (const std::string product = text_of(record.properties, "creates"); !product.empty())
    questions.files.insert(product);
}

std::optional<Properties> CommandComponent::observe(const Record& record, Context& context) const {
  const std::string product = text_of(record.properties, "creates");
  if (!product.empty() && !context.guest().find_file(product))
    return std::nullopt;
  return record.properties;
}

void CommandComponent::remove(const Record& record, Context& context) const {
  const std::string undo = text_of(record.properties, "undo");
  if (undo.empty())
    return;
  const Command command = command_of(record.properties, undo, context);
  const CommandResult result = context.guest().run(context.receipt("undo", sha256(undo)), command);
  throw_if_failed(result, "its undo", command.timeout);
}

}  // namespace encamp
