"""Messages between keychai and AWS's own Encryption SDK client, both ways, under a raw AES keyring."""

import base64
import os
import subprocess
from pathlib import Path

import aws_encryption_sdk
import pytest
from aws_cryptographic_material_providers.mpl import AwsCryptographicMaterialProviders
from aws_cryptographic_material_providers.mpl.config import MaterialProvidersConfig
from aws_cryptographic_material_providers.mpl.models import AesWrappingAlg, CreateRawAesKeyringInput
from aws_encryption_sdk import CommitmentPolicy
from aws_encryption_sdk.identifiers import AlgorithmSuite

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(os.environ.get("KEYCHAI", ROOT / "target/release/keychai")).resolve()
NAMESPACE, NAME = "interop", "k1"
CONTEXT = {"team": "pay", "über": "grün", "empty": ""}
SIZES = [0, 1, 65535, 65536, 65537, 1 << 20]
COMMITTED = AlgorithmSuite.AES_256_GCM_HKDF_SHA512_COMMIT_KEY
SIGNED = AlgorithmSuite.AES_256_GCM_HKDF_SHA512_COMMIT_KEY_ECDSA_P384


@pytest.fixture(scope="module")
def key() -> bytes:
    """The wrapping key that both sides have."""
    return os.urandom(32)


@pytest.fixture
def key_file(key, tmp_path) -> Path:
    """The same as `keychai new-key` writes it."""
    path = tmp_path / "k"
    path.write_text(base64.b64encode(key).decode() + "\n")
    return path


@pytest.fixture(scope="module")
def client():
    """The official client, which reads and writes committing suites alone."""
    return aws_encryption_sdk.EncryptionSDKClient(
        commitment_policy=CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT
    )


@pytest.fixture(scope="module")
def keyring(key):
    """A raw AES keyring of the official material providers."""
    providers = AwsCryptographicMaterialProviders(config=MaterialProvidersConfig())
    wanted = CreateRawAesKeyringInput(
        key_namespace=NAMESPACE,
        key_name=NAME,
        wrapping_key=key,
        wrapping_alg=AesWrappingAlg.ALG_AES256_GCM_IV12_TAG16,
    )
    return providers.create_raw_aes_keyring(input=wanted)


def envelope(verb: str, key_file: Path, data: bytes, context=(), **options):
    """One call of `keychai envelope`."""
    command = [PROGRAM, "envelope", verb, "--key-file", key_file, "--namespace", NAMESPACE]
    command += ["--key-name", NAME]
    for name, value in dict(context).items():
        command += ["--context", f"{name}={value}"]
    return subprocess.run(command, input=data, capture_output=True, timeout=120, **options)


def plaintext(size: int) -> bytes:
    """Bytes of which no two frames are alike."""
    return bytes((at * 131 + at // 251) % 256 for at in range(size))


@pytest.mark.parametrize("context", [{}, CONTEXT], ids=["without-context", "with-context"])
@pytest.mark.parametrize("size", SIZES)
def test_the_client_opens_what_keychai_seals(client, keyring, key_file, size, context):
    data = plaintext(size)
    message = envelope("seal", key_file, data, context, check=True).stdout
    found, header = client.decrypt(source=message, keyring=keyring, encryption_context=context)
    assert found == data
    assert header.encryption_context == context
    assert header.algorithm == COMMITTED
    assert header.frame_length == 65536


@pytest.mark.parametrize("context", [{}, CONTEXT], ids=["without-context", "with-context"])
@pytest.mark.parametrize("size", SIZES)
def test_keychai_opens_what_the_client_seals(client, keyring, key_file, size, context):
    data = plaintext(size)
    for frame_length in (65536, 4096):
        message, _ = client.encrypt(
            source=data,
            keyring=keyring,
            encryption_context=context,
            algorithm=COMMITTED,
            frame_length=frame_length,
        )
        assert envelope("open", key_file, message, context, check=True).stdout == data


def test_a_pair_that_the_message_lacks_is_refused(client, keyring, key_file):
    message, _ = client.encrypt(
        source=b"x", keyring=keyring, encryption_context=CONTEXT, algorithm=COMMITTED
    )
    refused = envelope("open", key_file, message, {"team": "sales"})
    assert refused.returncode == 1
    assert refused.stdout == b""
    assert b"`team` = `sales`" in refused.stderr


def test_a_signed_message_is_refused_with_the_suite_to_use(client, keyring, key_file):
    message, _ = client.encrypt(source=b"x", keyring=keyring, algorithm=SIGNED)
    refused = envelope("open", key_file, message)
    assert refused.returncode == 1
    assert b"0x0578" in refused.stderr and b"0x0478" in refused.stderr


def test_neither_side_opens_an_altered_message(client, keyring, key_file):
    message = bytearray(envelope("seal", key_file, b"x" * 100, check=True).stdout)
    message[-30] ^= 1
    with pytest.raises(Exception):
        client.decrypt(source=bytes(message), keyring=keyring)
    refused = envelope("open", key_file, bytes(message))
    assert refused.returncode == 1
    assert refused.stdout == b""
