# Looking through a folder of LoRA files without decomposing anything.
BeforeAll {
    . (Join-Path $PSScriptRoot 'Support.ps1')
    Import-Module (Join-Path $PSScriptRoot '../../out/ResizeLora/ResizeLora.psd1')
    $lora = Get-SamplePath 'lora'
    $base = Get-SamplePath 'base'
}

Describe 'Get-LoraInfo' {
    BeforeAll {
        $info = Get-LoraInfo $lora
    }

    It 'says what the file is' {
        $info.GetType().FullName | Should -Be 'ResizeLora.Adapters.LoraInfo'
        $info.Path | Should -Be $lora
        $info.Kind, $info.Dialect, $info.BaseModel | Should -Be @('LoCon', 'Kohya', 'SDXL')
        $info.Length | Should -Be ([System.IO.FileInfo]::new($lora).Length)
        $info.LastWriteTime | Should -Be ([System.IO.File]::GetLastWriteTime($lora))
    }

    It 'counts layers by component, and ranks' {
        $info.LayerCount, $info.UNetLayerCount, $info.TextEncoder1LayerCount, $info.TextEncoder2LayerCount | Should -Be @(51, 27, 12, 12)
        $info.LowestRank, $info.MedianRank, $info.HighestRank | Should -Be @(8, 16, 16)
        $info.Alphas | Should -Be @((Get-LoraSpectrum $lora).Alpha | Sort-Object -Unique)
    }

    It 'says whether and how a file was resized' {
        $info.Resized | Should -BeFalse
        $result = Resize-Lora $lora -Recipe 'spn_lora=1,thr=-0.7' -OutputDirectory (New-TestFolder)
        $resized = $result | Get-LoraInfo
        $resized.Path | Should -Be $result.Path
        $resized.ResizedWith | Should -Be 'spn_lora=1,thr=-0.7'
    }

    It 'finds what one looks for in a folder' {
        $folder = New-TestFolder
        $null = Copy-Sample 'lora' (Join-Path $folder 'a.safetensors')
        $null = Write-SafetensorsFile (Join-Path $folder 'b [v1].safetensors') @(New-Layer $queryLayer -Rank 8) @{ 'modelspec.trigger_phrase' = 'ohwx' }
        (Get-ChildItem $folder | Get-LoraInfo | Where-Object HighestRank -LE 8).TrainedWords | Should -Be 'ohwx'
        (Get-LoraInfo (Join-Path $folder '*') | Where-Object Kind -EQ 'LoCon' | Get-Item).Name | Should -Be 'a.safetensors'
    }

    It 'pipes on into Resize-Lora, brackets in the name and all' {
        $file = Copy-Sample 'lora' (Join-Path (New-TestFolder) 'b [v1].safetensors')
        (Get-LoraInfo -LiteralPath $file | Resize-Lora -Recipe 'spn_lora=1,thr=-0.7').Source | Should -Be $file
    }

    It 'takes strings, objects with a path, and a file once' {
        ($lora, [pscustomobject]@{ Path = $lora } | Get-LoraInfo).Path | Should -Be $lora
    }

    It 'writes each object as soon as its file is read' {
        $folder = New-TestFolder
        $file = Copy-Sample 'lora' (Join-Path $folder 'a.safetensors')
        & { $file; [System.IO.File]::Exists($file) | Out-Null; $script:seenFirst = $script:seen; Join-Path $folder 'none' } |
            Get-LoraInfo -ErrorAction SilentlyContinue | ForEach-Object { $script:seen = $true }
        $script:seenFirst | Should -BeTrue
    }

    It 'shows a table that fits 80 columns, by folder' {
        $text = $info | Format-Table | Out-String -Width 80
        $text | Should -BeLike "*Folder: $([System.IO.Path]::GetDirectoryName($lora))*"
        $text | Should -BeLike '*LoCon SDXL*27+12+12*8/16/16*lora.safetensors*'
        $text -split "`n" | Where-Object { $_ -notlike '*Folder:*' } | ForEach-Object { $_.TrimEnd().Length | Should -BeLessOrEqual 80 }
    }

    It 'survives ConvertTo-Json' {
        $read = $info | ConvertTo-Json | ConvertFrom-Json
        $read.LayerCount, $read.Path | Should -Be @(51, $lora)
    }
}

Describe 'Get-LoraInfo in a folder of other things' {
    BeforeAll {
        $folder = New-TestFolder
        $good = Copy-Sample 'lora' (Join-Path $folder 'good.safetensors')
        $null = Copy-Sample 'base' (Join-Path $folder 'base.safetensors')
        [System.IO.File]::WriteAllText((Join-Path $folder 'notes.txt'), 'text')
        $damaged = Join-Path $folder 'damaged.safetensors'
        [System.IO.File]::WriteAllBytes($damaged, [byte[]](1..20))
        $pickle = Join-Path $folder 'old.pt'
        [System.IO.File]::WriteAllBytes($pickle, [byte[]](1..20))
    }

    It 'leaves alone what is no adapter, with one warning that says what it is' {
        $found = Get-ChildItem $folder |
            Get-LoraInfo -WarningVariable warnings -WarningAction SilentlyContinue -ErrorAction SilentlyContinue
        $found.Path | Should -Be $good
        $warnings | Should -HaveCount 1
        $warnings[0].Message | Should -BeLike "*'base.safetensors' is a whole model*'notes.txt' is no safetensors file*"
    }

    It 'gives an error for each damaged file and goes on' {
        $found = Get-ChildItem $folder | Get-LoraInfo -ErrorVariable failures -ErrorAction SilentlyContinue -WarningAction SilentlyContinue
        $found | Should -HaveCount 1
        $failures | Should -HaveCount 2
        $failures.TargetObject | Sort-Object | Should -Be @($damaged, $pickle)
        $failures.CategoryInfo.Category | Sort-Object -Unique | Should -Be 'InvalidData'
        $failures.FullyQualifiedErrorId | Should -Contain 'FileUnsupported,ResizeLora.PowerShell.Commands.GetLoraInfoCommand'
    }

    It 'gives an error for a file that is missing' {
        $null = Get-LoraInfo (Join-Path $folder 'missing.safetensors') -ErrorVariable failures -ErrorAction SilentlyContinue
        $failures.FullyQualifiedErrorId | Should -BeLike 'FileMissing,*'
    }

    It 'does nothing, without a word, where a wildcard finds nothing' {
        Get-LoraInfo (Join-Path $folder '*.nothing') *>&1 | Should -BeNullOrEmpty
    }
}
