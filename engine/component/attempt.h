// A reply is a hint, the look-up decides: a call may have taken effect though it failed or its
// answer was lost.
//
//     attempt([&] { host.create_pool(claim); }, [&] { return host.find_pool(claim).has_value(); });
#pragma once

#include "engine/error.h"

namespace encamp {

/// Does `call`; an Error it throws counts for nothing when what it was for `holds` afterwards.
template <typename Call, typename Holds>
void attempt(const Call& call, const Holds& holds) {
  try {
    call();
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::Interrupted || !holds())
      throw;
  }
}

}  // namespace encamp
