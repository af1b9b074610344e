#include "engine/description/read.h"

#include <map>
#include <sstream>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include "engine/description/yaml_text.h"

namespace encamp {
namespace {

/// Thrown to leave the parser when going on is pointless; the diagnostic is already added.
struct Abandoned {};

class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(std::shared_ptr<const SourceFile> file, Diagnostics& diagnostics,
              const ReadBudget& budget)
      : file_(std::move(file)), text_(*file_), diagnostics_(diagnostics), budget_(budget) {}

  std::optional<Tree> take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ == 1)
      return;
    const std::size_t begin = offset(mark);
    if (file_->text().compare(begin, 3, "---") == 0) {
      give_up({.code = "second-document",
               .summary = "a description is one YAML document, and this is a second",
               .where = span_at(file_, begin, 3),
               .hint = "put it into a file of its own"});
    }
    // "," for example: the parser gives back what it did not understand as one document after the
    // other and never ends.
    give_up(
        {.code = "yaml-syntax", .summary = "unexpected text", .where = span_at(file_, begin, 1)});
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Tree tree;
    tree.begin = offset(mark);
    tree.text = text_.written_null(tree.begin);
    if (!tree.text.empty())
      tree.where = span_at(file_, tree.begin, tree.text.size());
    finish(std::move(tree), anchor, 1);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const std::size_t begin = offset(mark);
    const Span where = span_at(file_, begin, text_.word_length(begin));
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end())
      give_up({.code = "alias-cycle",
               .summary = "this alias stands inside what it names",
               .where = where});
    Tree tree = found->second.tree;
    tree.where = where;
    finish(std::move(tree), 0, found->second.nodes);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    const YamlText::Start start = text_.skip_properties(offset(mark));
    if (start.tag || (tag != "?" && tag != "!"))
      refuse_tag(start.tag.value_or(offset(mark)));
    Tree tree{.kind = Tree::Kind::Scalar, .style = text_.scalar_style(start.offset), .text = value};
    tree.begin = start.offset;
    tree.where = span_at(file_, tree.begin, text_.scalar_length(tree));
    const bool is_quoted =
        tree.style == Tree::Style::SingleQuoted || tree.style == Tree::Style::DoubleQuoted;
    if (is_quoted && !text_.closing_quote(tree))  // yaml-cpp takes all the rest of the file for it.
      give_up({.code = "unclosed-quote",
               .summary = "this quote is never closed",
               .where = span_at(file_, tree.begin, 1),
               .hint = fmt::format("end the text with {}", file_->text()[tree.begin])});
    finish(std::move(tree), anchor, 1);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override {
    open(Tree::Kind::List, mark, tag, anchor, style);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override {
    open(Tree::Kind::Mapping, mark, tag, anchor, style);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Frame {
    Tree tree;
    YAML::anchor_t anchor = 0;
    std::size_t nodes_before = 0;
    std::optional<Tree> key;  ///< Of a mapping, while its value is awaited.
    std::unordered_map<std::string, Span> keys;
  };
  struct Anchored {
    Tree tree;
    std::size_t nodes;
  };

  std::size_t offset(const YAML::Mark& mark) const {
    return std::min(static_cast<std::size_t>(std::max(mark.pos, 0)), file_->text().size());
  }

  [[noreturn]] void give_up(Diagnostic diagnostic) {
    diagnostics_.add(std::move(diagnostic));
    throw Abandoned();
  }

  void refuse_tag(std::size_t begin) {
    diagnostics_.add({.code = "yaml-tag",
                      .summary = "YAML tags have no meaning here",
                      .where = span_at(file_, begin, text_.word_length(begin)),
                      .hint = "quote the text if it shall begin with '!'"});
  }

  void open(Tree::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
            YAML::EmitterStyle::value style) {
    const YamlText::Start start = tag == "?" && anchor == 0
                                      ? YamlText::Start{offset(mark), std::nullopt}
                                      : text_.skip_properties(offset(mark));
    if (tag != "?" && !tag.empty())
      refuse_tag(start.tag.value_or(offset(mark)));
    Frame frame;
    frame.tree = {
        .kind = kind,
        .style = style == YAML::EmitterStyle::Flow ? Tree::Style::Flow : Tree::Style::Block};
    frame.tree.begin = start.offset;
    frame.tree.where = span_at(file_, start.offset, 1);
    frame.anchor = anchor;
    frame.nodes_before = nodes_;
    if (frames_.size() >= static_cast<std::size_t>(budget_.depth))
      give_up(
          {.code = "too-deep",
           .summary = fmt::format("lists and mappings are nested more than {} deep", budget_.depth),
           .where = frame.tree.where});
    frames_.push_back(std::move(frame));
  }

  void close() {
    Frame frame = std::move(frames_.back());
    frames_.pop_back();
    finish(std::move(frame.tree), frame.anchor, 1, nodes_ - frame.nodes_before + 1);
  }

  /// Puts a complete value where it belongs. `fresh` of the `total` nodes in it are not counted
  /// yet.
  void finish(Tree tree, YAML::anchor_t anchor, std::size_t fresh, std::size_t total = 0) {
    nodes_ += fresh + (anchor == 0 ? 0 : std::max(total, fresh));  // What has an anchor is copied.
    if (nodes_ > budget_.nodes)
      give_up({.code = "too-large",
               .summary = fmt::format("the description has more than {} keys and values, "
                                      "aliases included",
                                      budget_.nodes),
               .where = tree.where});
    if (anchor != 0)
      anchors_.insert_or_assign(anchor, Anchored{tree, std::max(total, fresh)});
    if (frames_.empty()) {
      if (documents_ == 1)
        root_ = std::move(tree);
      return;
    }
    Frame& frame = frames_.back();
    if (frame.tree.is_list()) {
      if (!tree.where)
        tree.where = frame.tree.where;
      frame.tree.items.push_back(std::move(tree));
    } else if (!frame.key) {
      frame.key = std::move(tree);
    } else {
      add_entry(frame, *std::exchange(frame.key, std::nullopt), std::move(tree));
    }
  }

  void add_entry(Frame& frame, const Tree& key, Tree value) {
    if (key.is_list() || key.is_mapping() || key.text.empty()) {
      Tree refused = key;
      if (!key.where) {
        refused.begin = frame.tree.begin;
        refused.where = frame.tree.where;
      }
      refuse_key(refused);
      return;
    }
    if (key.is_plain() && key.text == "<<") {
      diagnostics_.add({.code = "merge-key",
                        .summary = "merge keys '<<' are not part of the language",
                        .where = key.where,
                        .hint = "what several nodes share belongs into a prototype"});
      return;
    }
    const auto [first, is_new] = frame.keys.emplace(key.text, key.where);
    if (!is_new) {
      diagnostics_.add(
          {.code = "duplicate-key",
           .summary = fmt::format("the key {} stands here a second time", quoted(key.text)),
           .where = key.where,
           .notes = {{"first here", first->second}}});
      return;
    }
    if (!value.where)
      value.where = key.where;
    frame.tree.entries.push_back({key.text, key.where, std::move(value)});
  }

  void refuse_key(const Tree& key) {
    Diagnostic diagnostic{.code = "bad-key",
                          .summary = fmt::format("a key is text, and this is {}",
                                                 key.is_scalar() ? "empty" : key.kind_name()),
                          .where = key.where};
    if (const auto reference = text_.unquoted_reference(key.begin)) {
      diagnostics_.add(forgotten_quote(file_, *reference));
      return;
    }
    if (key.begin > 0 && file_->text().compare(key.begin - 1, 2, "{{") == 0) {
      diagnostic.summary = "this is no reference";
      diagnostic.where = span_at(file_, key.begin - 1, 2);
      diagnostic.hint = "a reference is written '${{ ... }}', with a dollar sign";
    }
    diagnostics_.add(std::move(diagnostic));
  }

  std::shared_ptr<const SourceFile> file_;
  YamlText text_;
  Diagnostics& diagnostics_;
  const ReadBudget& budget_;
  int documents_ = 0;
  std::size_t nodes_ = 0;
  std::vector<Frame> frames_;
  std::map<YAML::anchor_t, Anchored> anchors_;
  std::optional<Tree> root_;
};

}  // namespace

std::optional<Tree> read_tree(std::shared_ptr<const SourceFile> file, Diagnostics& diagnostics,
                              const ReadBudget& budget) {
  if (file->text().size() > budget.bytes) {
    diagnostics.add({.code = "too-large",
                     .summary = fmt::format("'{}' has {} bytes; a description has at most {}",
                                            file->name(), file->text().size(), budget.bytes)});
    return std::nullopt;
  }
  if (std::optional<Diagnostic> bad = find_bad_character(file)) {
    diagnostics.add(std::move(*bad));
    return std::nullopt;
  }
  TreeBuilder builder(file, diagnostics, budget);
  try {
    std::istringstream stream(file->text());
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Abandoned&) {
    return std::nullopt;
  } catch (const YAML::Exception& error) {
    const int position = error.mark.pos;
    diagnostics.add(describe_syntax_error(
        file, position < 0 ? file->text().size() : static_cast<std::size_t>(position), error.msg));
    return std::nullopt;
  }
  std::optional<Tree> tree = builder.take();
  if (tree && tree->is_mapping())
    return tree;
  Diagnostic diagnostic{.code = "not-a-description",
                        .summary = "a description is a mapping that begins with 'encamp: 1'"};
  if (tree && tree->where)
    diagnostic.where = tree->where;
  else
    diagnostic.summary = fmt::format("'{}' is empty", file->name());
  diagnostics.add(std::move(diagnostic));
  return std::nullopt;
}

}  // namespace encamp
