"""Memory for large tables."""

from __future__ import annotations

import pytest
import torch

from hornbook.compute.large_pages import in_large_pages


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_zeros_of_the_type_and_on_the_device_of_a_tensor(dtype: torch.dtype) -> None:
    like = torch.ones(1, dtype=dtype)
    torch.testing.assert_close(in_large_pages(3, 2, like=like), torch.zeros(3, 2, dtype=dtype))
    assert in_large_pages(3, 2, like=like.to("meta")).is_meta


def test_where_torch_makes_tensors() -> None:
    assert in_large_pages(2).dtype == torch.get_default_dtype()
    with torch.device("meta"):  # a net that is made only to be counted takes no memory
        assert in_large_pages(10**9, 10**3).is_meta
