"""Licences: under what terms each data set may be used, and who made it."""

# Set: (licence, source). Weights follow their data: a card repeats these lines.
LICENCES: dict[str, tuple[str, str]] = {
    "lgg": (
        "CC BY-NC-SA 4.0",
        "TCGA-LGG (The Cancer Imaging Archive), prepared by Buda et al. 2019, "
        "Computers in Biology and Medicine 109:218-225",
    ),
    "acdc": (
        "CC BY-NC-SA 4.0, research",
        "ACDC, Bernard et al. 2018, IEEE TMI 37(11):2514-2525",
    ),
    "brain_t1_labels": ("research", "NiChart example data (CBICA)"),
    "mr_t1_dicom": ("MIT", "FNNDSC SAG-anon"),
    "ct_volumes": (
        "Apache-2.0",
        "TotalSegmentator test files, Wasserthal et al. 2023, Radiology: AI 5:e230024",
    ),
    "lidc_0001": (
        "CC BY 3.0",
        "LIDC-IDRI (The Cancer Imaging Archive), Armato et al. 2011, Medical Physics "
        "38(2):915-931",
    ),
    "lung_nodule_patches": (
        "LUNA16 CC BY 4.0, LIDC-IDRI CC BY 3.0",
        "LUNA16, Setio et al. 2017, Medical Image Analysis 42:1-13",
    ),
    "lung_ct_slices": (
        "CC BY 4.0",
        "LUNA16, Setio et al. 2017, Medical Image Analysis 42:1-13",
    ),
    "mr_ct_pairs": (
        "CC BY-NC 4.0",
        "SynthRAD2023 Task 1, Thummerer et al. 2023, Medical Physics 50(7):4664-4674",
    ),
    "brain_pet_mri_slices": (
        "research and education",
        "The Whole Brain Atlas, Johnson and Becker, Harvard Medical School",
    ),
    "phantom": ("Apache-2.0", "drawn by vesalius.physics.phantom"),
}
OWN = ("as you hold it", "your own data")
