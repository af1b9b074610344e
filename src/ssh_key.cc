#include "src/ssh_key.h"

#include "engine/error.h"
#include "src/ssh_handle.h"

namespace encamp {

SshKey make_ssh_key() {
  ssh_key made = nullptr;
  if (ssh_pki_generate(SSH_KEYTYPE_ED25519, 0, &made) != SSH_OK)
    throw Error(ErrorKind::Failed, "cannot make an SSH key");
  const SshKeyHandle key(made);
  char* pem = nullptr;
  if (ssh_pki_export_privkey_base64(key.get(), nullptr, nullptr, nullptr, &pem) != SSH_OK)
    throw Error(ErrorKind::Failed, "cannot write an SSH key as text");
  const SshText private_key(pem);
  char* blob = nullptr;
  if (ssh_pki_export_pubkey_base64(key.get(), &blob) != SSH_OK)
    throw Error(ErrorKind::Failed, "cannot write a public SSH key as text");
  const SshText public_key(blob);
  return {private_key.get(), std::string("ssh-ed25519 ") + public_key.get()};
}

std::string ssh_fingerprint(const std::string& public_key) {
  const std::size_t space = public_key.find(' ');
  const std::string blob =
      public_key.substr(space + 1, public_key.find(' ', space + 1) - space - 1);
  ssh_key read = nullptr;
  const ssh_keytypes_e type = ssh_key_type_from_name(public_key.substr(0, space).c_str());
  if (space == std::string::npos ||
      ssh_pki_import_pubkey_base64(blob.c_str(), type, &read) != SSH_OK)
    throw Error(ErrorKind::Failed, "this is no public SSH key: " + public_key.substr(0, 40));
  const SshKeyHandle key(read);
  unsigned char* bytes = nullptr;
  std::size_t length = 0;
  if (ssh_get_publickey_hash(key.get(), SSH_PUBLICKEY_HASH_SHA256, &bytes, &length) != SSH_OK)
    throw Error(ErrorKind::Failed, "cannot hash a public SSH key");
  const SshHash hash(bytes);
  return SshText(ssh_get_fingerprint_hash(SSH_PUBLICKEY_HASH_SHA256, hash.get(), length)).get();
}

}  // namespace encamp
