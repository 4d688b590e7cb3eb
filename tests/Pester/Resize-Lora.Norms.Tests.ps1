# The norms of the base model are kept between runs, in the folder that RESIZELORA_CACHE names.
BeforeAll {
    . (Join-Path $PSScriptRoot 'Support.ps1')
    Import-Module (Join-Path $PSScriptRoot '../../out/ResizeLora/ResizeLora.psd1')
    $lora = Get-SamplePath 'lora'
    $base = Get-SamplePath 'base'
    $recipe = 'spn_lora=1,thr=-0.7'
    $userCache = $env:RESIZELORA_CACHE
    $env:RESIZELORA_CACHE = Join-Path $TestDrive 'cache'

    # Runs once and tells what -Verbose says of norms.
    function Get-NormMessage([string] $Checkpoint) {
        Resize-Lora $lora -Checkpoint $Checkpoint -OutputDirectory (New-TestFolder) -Verbose 4>&1 |
            Where-Object { $_ -is [System.Management.Automation.VerboseRecord] -and $_.Message -like '*norms*' } | ForEach-Object Message
    }
}

AfterAll {
    $env:RESIZELORA_CACHE = $userCache
}

Describe 'The norms of the base model' {
    BeforeEach {
        $env:RESIZELORA_CACHE = Join-Path (New-TestFolder) 'norms'
        $checkpoint = Copy-Sample 'base' (Join-Path (New-TestFolder) 'sdxl.safetensors')
    }

    It 'are computed the first time, and -Verbose says where they are kept' {
        Get-NormMessage $checkpoint |
            Should -BeLike "*51 base layers of '$checkpoint' were computed (51 of 51) and are kept in '$env:RESIZELORA_CACHE'*"
        Get-ChildItem $env:RESIZELORA_CACHE | Should -HaveCount 1
    }

    It 'are known the second time' {
        $null = Get-NormMessage $checkpoint
        Get-NormMessage $checkpoint | Should -Be "The norms of 51 base layers of '$checkpoint' were read from '$env:RESIZELORA_CACHE'."
    }

    It 'are known to Get-LoraSpectrum and Resize-Lora alike' {
        $known = Get-LoraSpectrum $lora -Checkpoint $checkpoint
        Get-NormMessage $checkpoint | Should -BeLike '* 51 base layers * were read from *'
        (Get-LoraSpectrum $lora -Checkpoint $checkpoint).BaseSpectralNorm | Should -Be @($known.BaseSpectralNorm)
    }

    It 'are known for a copy under another name' {
        $null = Get-NormMessage $checkpoint
        $copy = Copy-Sample 'base' (Join-Path (New-TestFolder) 'other name.safetensors')
        [System.IO.File]::SetLastWriteTimeUtc($copy, [datetime]::UtcNow.AddDays(-1))
        Get-NormMessage $copy | Should -Not -BeLike '*computed*'
    }

    It 'are computed again for the weights that changed, though name and size stayed' {
        $null = Get-NormMessage $checkpoint
        $bytes = [System.IO.File]::ReadAllBytes($checkpoint)
        $weight = (Read-SafetensorsHeader $checkpoint).Tensors |
            Where-Object Name -EQ 'model.diffusion_model.input_blocks.4.1.proj_out.weight'
        $bytes[(Read-SafetensorsHeader $checkpoint).DataStart + $weight.Start] = $bytes[(Read-SafetensorsHeader $checkpoint).DataStart + $weight.Start] -bxor 1
        [System.IO.File]::WriteAllBytes($checkpoint, $bytes)
        Get-NormMessage $checkpoint | Should -BeLike '*were computed (1 of 51)*'
    }

    It 'are computed again where the kept ones were damaged: <_>' -ForEach '', '{', 'null', '{"method":"of tomorrow","layers":{}}' {
        $null = Get-NormMessage $checkpoint
        foreach ($kept in Get-ChildItem $env:RESIZELORA_CACHE) { [System.IO.File]::WriteAllText($kept.FullName, $_) }
        $messages = @(Get-NormMessage $checkpoint)
        $messages[0] | Should -BeLike '*ignored and computed again*'
        $messages[-1] | Should -BeLike '*were computed (51 of 51)*'
        Get-NormMessage $checkpoint | Should -BeLike '* 51 base layers * were read from *'
    }

    It 'are not kept where the folder cannot be made, with a warning, and all else goes on' {
        $env:RESIZELORA_CACHE = Join-Path (Copy-Sample 'base' (Join-Path (New-TestFolder) 'a file')) 'below'
        $result = Resize-Lora $lora -Checkpoint $checkpoint -OutputDirectory (New-TestFolder) -WarningVariable warnings -WarningAction SilentlyContinue
        $result.NewRank | Should -Be 183
        $warnings | Should -HaveCount 1
        $warnings[0].Message | Should -BeLike "*could not be kept in '$env:RESIZELORA_CACHE'*"
    }
}
