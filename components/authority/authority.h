// Certificate authorities and what they sign. Resources of the site:
//
//     resources:
//       grid-ca: {authority: {subject: /DC=test/DC=grid/O=GridTest}}
//       alice:   {certificate: {issuer: grid-ca, subject: /DC=test/DC=grid/O=GridTest/CN=Alice}}
//
// Serial numbers follow from what a certificate is asked to be. So an authority knows the serials
// that it revokes without waiting for those certificates, which wait for it.
#pragma once

#include <memory>
#include <string>

#include "engine/component/component.h"

namespace encamp {

std::unique_ptr<const Component> make_authority_component();
std::unique_ptr<const Component> make_certificate_component();

/// The serial number of the certificate with that address and those properties: 16 hexadecimal
/// digits, the first 1 to 7.
std::string serial_of(const Address& address, const Properties& properties);

/// What the private key of the one that `owner` is about is called among the kept secrets.
std::string key_name(const Owner& owner);

}  // namespace encamp
