// Events as lines of text, the same on a terminal (above what runs) and in a file:
//
//     + networks.lan created (0.2 s)
//     ! nodes.head failed (12 s): no SSH banner from 10.1.0.2 within 30 s
//         | last lines of its console
//       next: encamp logs hello head
#pragma once

#include <string>

#include "engine/error.h"
#include "engine/run/events.h"

namespace encamp {

struct LineStyle {
  bool color = false;
};

/// The lines that `event` leaves behind, each ending in a newline; empty for what only concerns
/// the live display (started, progress).
std::string lines_for(const Event& event, const LineStyle& style);

/// An Error as the program prints it: `error: ...`, its contexts, detail, and what to do next.
std::string lines_for(const Error& error, const LineStyle& style);

/// What a verb did, for people: `create` gives `created`.
std::string done_word(const std::string& verb);

}  // namespace encamp
