// A reply is a hint, the look-up decides: a call may have taken effect though it failed or its
// answer was lost.
//
//     attempt(context, [&] { host.create_pool(claim); },
//             [&] { return host.find_pool(claim).has_value(); });
#pragma once

#include "engine/component/context.h"
#include "engine/error.h"

namespace encamp {

/// Whether the call that failed so may still take effect.
inline bool may_come_late(ErrorKind kind) {
  return kind == ErrorKind::Unavailable || kind == ErrorKind::Timeout;
}

/// Does `call`; an Error it throws counts for nothing when what it was for `holds` afterwards. It
/// may hold for another reason, and the call take effect later.
template <typename Call, typename Holds>
void attempt(Context& context, const Call& call, const Holds& holds) {
  try {
    call();
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::Interrupted || !holds())
      throw;
    if (may_come_late(error.kind()))
      context.lost_answer();
  }
}

}  // namespace encamp
