@{
    RootModule = 'ResizeLora.psm1'
    ModuleVersion = '0.1.0'
    GUID = 'a75bd0ed-5a37-4185-9cc0-30d5cdcfa434'
    Author = 'The ResizeLora contributors'
    CompanyName = 'The ResizeLora contributors'
    Copyright = 'Copyright (c) 2026 The ResizeLora contributors. MIT licence.'
    Description = 'Resizes LoRA and LoCon files of image, video and language models (SDXL, SD, Flux, Qwen-Image, Z-Image, Wan, PEFT and others): keeps, layer by layer, the dimensions of the singular value decomposition that matter most.'
    PowerShellVersion = '7.4'
    CompatiblePSEditions = @('Core')
    TypesToProcess = @('ResizeLora.Types.ps1xml')
    FormatsToProcess = @('ResizeLora.Format.ps1xml')
    FunctionsToExport = @()
    CmdletsToExport = @(
        'Compare-Lora'
        'Convert-Lora'
        'Export-LoraSpectrum'
        'Get-CheckpointNorm'
        'Get-LoraInfo'
        'Get-LoraSpectrum'
        'Install-ResizeLoraRuntime'
        'Measure-LoraResize'
        'Merge-Lora'
        'New-ResizeRecipe'
        'Resize-Lora'
        'Show-LoraSpectrum'
        'Uninstall-ResizeLoraRuntime'
    )
    VariablesToExport = @()
    AliasesToExport = @()
    PrivateData = @{
        PSData = @{
            Tags = @('LoRA', 'LoCon', 'SDXL', 'StableDiffusion', 'Flux', 'Wan', 'QwenImage', 'PEFT', 'LLM', 'GGUF', 'safetensors', 'SVD', 'PSEdition_Core', 'Windows', 'Linux', 'MacOS')
            # The home of the project: cmdlets and pages of the help name pages under it.
            ProjectUri = 'https://github.com/ResizeLora/ResizeLora'
            LicenseUri = 'https://github.com/ResizeLora/ResizeLora/blob/main/LICENSE'
            IconUri = 'https://github.com/ResizeLora/ResizeLora/raw/main/docs/images/icon.png'
            ReleaseNotes = 'https://github.com/ResizeLora/ResizeLora/blob/main/CHANGELOG.md'
        }
    }
}
