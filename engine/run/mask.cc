#include "engine/run/mask.h"

#include <algorithm>
#include <functional>

namespace encamp {
namespace {

constexpr std::string_view kInstead = "(secret)";

}  // namespace

void Mask::add(const Value& value) {
  with_secrets(value, [&](const Secret& secret) -> Value {
    if (!secret.is_open() || secret.text().size() < kShortest)
      return secret;
    // A file's last line is printed without its end.
    const std::string& all = secret.text();
    const std::string text = all.substr(0, all.find_last_not_of('\n') + 1);
    const std::lock_guard lock(mutex_);
    if (text.size() >= kShortest && std::ranges::find(texts_, text) == texts_.end()) {
      texts_.push_back(text);
      std::ranges::stable_sort(texts_, std::greater<>{}, &std::string::size);
    }
    return secret;
  });
}

std::string Mask::masked(std::string_view text) const {
  std::string result(text);
  const std::lock_guard lock(mutex_);
  for (const std::string& secret : texts_) {
    for (std::size_t at = 0; (at = result.find(secret, at)) != std::string::npos;
         at += kInstead.size())
      result.replace(at, secret.size(), kInstead);
  }
  return result;
}

Error Mask::masked(const Error& error) const {
  Error result(error.kind(), masked(error.what()));
  result.with_detail(masked(error.detail())).with_hint(masked(error.hint()));
  for (const std::string& context : error.context())
    result.add_context(masked(context));
  return result;
}

bool Mask::hides(std::string_view text) const {
  const std::lock_guard lock(mutex_);
  return std::ranges::any_of(texts_, [&](const std::string& secret) {
    return text.find(secret) != std::string_view::npos;
  });
}

void MaskedEvents::on(const Event& event) {
  Event masked = event;
  masked.text = mask_->masked(event.text);
  masked.detail = mask_->masked(event.detail);
  masked.hint = mask_->masked(event.hint);
  next_->on(masked);
}

void MaskedReport::keep(const std::string& path, std::string_view bytes) {
  next_->keep(path, mask_->masked(bytes));
}

}  // namespace encamp
